"""The search of corpora for the test rows of a study: once for each corpus and split seed, for all scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from datasets import Dataset
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codeshift.audit import overlap
from codeshift.audit.corpora import Corpus, corpus_identity
from codeshift.files import is_full
from codeshift.marks import RowMarks
from codeshift.properties.near_duplicates import NearDuplicates
from codeshift.study.folder.corpus_marks import CorpusMarks, MarkedPair
from codeshift.study.folder.store import Outcome, StudyStore
from codeshift.study.running.locked import do_locked
from codeshift.study.settings.keys import RunKey
from codeshift.study.settings.spec import StudySpec

_PAIRS = 500  # pairs that are kept of each corpus and column, from which the report takes those of each scenario


@dataclass(frozen=True, kw_only=True)
class MarkingJob:
    """Search of one corpus for the test rows of a split seed.

    Attributes:
        folder: Folder of the study, as the worker sees it.
        corpus: Name of the corpus.
        source: Corpus itself, or its path.
        split_seed: Seed of the split.
        column: Column of the code.
        near_duplicates: Definition of near-duplicates, with the other columns that are looked for.
        searched: Identity of the corpus and definition of near-duplicates, which the marks are stored with.
        num_proc: Number of processes that search blocks of the corpus, as in ``overlap``.
    """

    folder: Path
    corpus: str
    source: Any = field(repr=False)
    split_seed: int
    column: str
    near_duplicates: NearDuplicates
    searched: dict[str, Any] = field(repr=False)
    num_proc: int | None = None

    keys: ClassVar[tuple[RunKey, ...]] = ()
    """Keys of the runs that it does: none."""

    @property
    def bound(self) -> bool:
        """Whether only this process can do the search: others are sent paths and names, but no datasets."""
        return not isinstance(self.source.source if isinstance(self.source, Corpus) else self.source, str)

    @property
    def name(self) -> str:
        """Name of the search in locks and messages."""
        return self.store.marks(self.corpus, self.split_seed).stem

    @property
    def store(self) -> StudyStore:
        """Store of the study."""
        return StudyStore(self.folder)

    @property
    def is_done(self) -> bool:
        """Whether marks of this very search, or an error in their place, are stored."""
        stored = self.store.read_marks(self.corpus, self.split_seed)
        return stored is not None and stored.searched == self.searched

    def record_error(self, error: str) -> None:
        """Store an error in place of the marks, unless something is stored already."""
        if not self.is_done:
            self.store.write_marks(self._marks(error=error))

    def do(self) -> None:
        """Search the corpus, and store the marks or the error that this raised."""
        dataset = Dataset.from_file(str(self.store.check_data(self.store.rows_file)))
        columns = list(self.near_duplicates.columns_with(self.column))
        rows = dataset.select(self.store.read_test(self.split_seed)).select_columns(columns)
        try:
            figures = self._searched(rows)
        except Exception as error:  # any error is stored for the user to read, and the runs go on
            if is_full(error):
                raise
            self.record_error(f"{type(error).__name__}: {error}")
            return
        self.store.write_marks(self._marks(**figures))

    def _searched(self, rows: Dataset) -> dict[str, Any]:
        """Return the marks of the test rows, the numbers of rows of the corpus and pairs; given marks are checked.

        Raises:
            ParameterError: if the corpus cannot be searched, or marks are those of other rows.
        """
        if isinstance(self.source, RowMarks):
            self.source.check("test", rows[self.column][:])
            return {"marks": self.source.given_to(self.corpus, self.column)}
        with threadpool_limits(limits=1):
            overlaps = overlap(
                rows, {self.corpus: self.source}, column=self.column, near_duplicates=self.near_duplicates,
                worst=_PAIRS, num_proc=self.num_proc,
            )  # fmt: skip
        pairs = [
            MarkedPair(corpus=part.corpus, column=part.column, pair=pair)
            for part in overlaps.parts
            for pair in part.worst
        ]
        sizes = {part.corpus: part.corpus_rows for part in overlaps.parts}
        return {"marks": overlaps.marks["data"], "corpus_rows": sizes, "pairs": tuple(pairs)}

    def _marks(self, **figures: Any) -> CorpusMarks:
        return CorpusMarks(corpus=self.corpus, split_seed=self.split_seed, searched=self.searched, **figures)


def marking_jobs(spec: StudySpec, store: StudyStore, num_proc: int | None) -> list[MarkingJob]:
    """Return the searches that are not done yet, each by this number of processes."""
    near_duplicates = spec.searched_copies
    jobs = [
        MarkingJob(
            folder=store.root,
            corpus=name,
            source=source,
            split_seed=split_seed,
            column=spec.column,
            near_duplicates=near_duplicates,
            searched={"corpus": corpus_identity(source), "near_duplicates": near_duplicates.to_dict()},
            num_proc=num_proc,
        )
        for name, source in spec.against.items()
        for split_seed in spec.split_seeds
    ]
    return [job for job in jobs if not job.is_done]


def do_marking(job: MarkingJob) -> Outcome:
    """Search a corpus and store the marks, unless they are stored already; an error is stored in their place.

    Returns:
        "done", or "busy" if another process is searching it for the same rows.
    """
    return do_locked(job.store.lock(job.name), lambda: None if job.is_done else job.do())
