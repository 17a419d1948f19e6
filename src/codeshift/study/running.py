"""From a study to results in a folder: what is left to do is given to an executor, and what dies is given again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from tqdm.auto import tqdm

from codeshift.errors import ParameterError
from codeshift.files import write_text
from codeshift.properties.progress import bars, bars_shown
from codeshift.splits.facts import environment
from codeshift.study.auditing import AuditTask, do_audit
from codeshift.study.errors import StudyError
from codeshift.study.files import output_folder
from codeshift.study.folder import StudyFolder
from codeshift.study.keys import NONE, RunRecord
from codeshift.study.loading import read_study
from codeshift.study.recipe import Recipe, RunTask
from codeshift.study.records import evaluate_again, read_record, write_record
from codeshift.study.results import StudyResults
from codeshift.study.settings import AXES, check_same, describe, to_json
from codeshift.study.workers import InThisProcess, WorkerProcesses, threads_each

if TYPE_CHECKING:
    from codeshift.study.study import Study

Task = RunTask | AuditTask
_ATTEMPTS = 3  # how often a task is given to workers that die over it
_PAUSE = 0.5  # seconds between looks at what another process holds


def run_study(
    study: Study,
    folder: Path,
    *,
    workers: int,
    executor: Executor | None,
    threads: int | None,
    progress: bool | Callable[[RunRecord], None],
    retry: bool,
    extend: bool,
) -> StudyResults:
    """Do what ``Study.run`` says."""
    _check_placing(workers, executor, threads)
    files = StudyFolder(output_folder("folder", folder).resolve())
    with bars(progress is True):
        prepare(study, files, extend=extend)
        if retry:
            forget_failures(study, files)
        if executor is None and threads is None:
            threads = threads_each(workers)
        tasks = [task for task in all_tasks(study, files, threads) if not is_done(task)]
        with _Reports(study, files, tasks, progress) as reports:
            if executor is not None:
                _drive(tasks, executor, len(tasks), reports)
            elif workers == 1:
                _drive(tasks, InThisProcess(), 1, reports)
            elif tasks:
                _drive_processes(tasks, workers, threads or 1, reports)
    return study.results(files.root)


def _check_placing(workers: int, executor: Executor | None, threads: int | None) -> None:
    for name, value in (("workers", workers), *([] if threads is None else [("threads", threads)])):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ParameterError(name, "a whole number from 1 up", value, "such as 2")
    if executor is not None and not isinstance(executor, Executor):
        remedy = "such as dask's Client.get_executor(), or leave it out"
        raise ParameterError("executor", "a concurrent.futures.Executor", executor, remedy)


def prepare(study: Study, files: StudyFolder, *, extend: bool) -> None:
    """Write what workers need, unless it is there; one process does it, others wait for it.

    Raises:
        ParameterError: the folder is that of another study.
    """
    lock = files.lock("study")
    lock.parent.mkdir(exist_ok=True)
    with FileLock(lock):
        settings = describe(study)
        found = read_study(files)
        if found is not None:
            check_same(settings, found["settings"], files.root, extend=extend)
            _evaluate_shared_again(study, files, found["settings"])
        elif any(files.root.glob("*.json")):
            raise ParameterError("folder", "empty, or that of a study", str(files.root), "name another folder")
        _save_model(study, files)
        study.dealing.write(files)
        if found is None or any(settings[name] != found["settings"][name] for name in AXES):
            versions = environment() if found is None else found["versions"]
            write_text(files.study, to_json(settings, study.keys, versions))


def _evaluate_shared_again(study: Study, files: StudyFolder, before: Mapping[str, Any]) -> None:
    """What scenarios share has generated for the rows of the old scenarios' parts alone; new ones have others."""
    if study.generate_rows is not None and {one.name for one in study.scenarios} - set(before["scenarios"]):
        for key in study.keys:
            if key.scenario is None:
                evaluate_again(files, key)


def _save_model(study: Study, files: StudyFolder) -> None:
    """A model or tokenizer that was given as an object becomes a folder that workers can load."""
    given = [thing for thing in (study.model_name, study.tokenizer_name) if hasattr(thing, "save_pretrained")]
    if not given or files.model.exists():
        return
    temporary = files.root / ".model"
    shutil.rmtree(temporary, ignore_errors=True)
    from codeshift.study.runs import quiet

    with quiet():
        for thing in given:
            thing.save_pretrained(temporary)
    temporary.replace(files.model)


def all_tasks(study: Study, files: StudyFolder, threads: int | None) -> list[Task]:
    """Every task of a study, in the order in which they are done; audits first: they may tell that a split leaks."""
    audits: list[Task] = []
    if study.audit is not False:
        for split_seed in study.split_seeds:
            for scenario in study.scenarios:
                if not files.audit(scenario.name, split_seed).exists():
                    audits.append(study.dealing.audit_task(files, scenario.name, split_seed))
    recipes = {name: _recipe(study, name) for name in (NONE, *study.methods)}
    runs = [
        RunTask(folder=files.root, recipe=recipes[key.method], key=key, variants=tuple(variants), threads=threads)
        for key, *variants in study.families
    ]
    return [*audits, *runs]


def _recipe(study: Study, method: str) -> Recipe:
    config = study.configs.get(method)
    if config is not None and config.checkpoint_every is None:
        config = replace(config, checkpoint_every="epoch")
    model, tokenizer = study.model_name, study.tokenizer_name
    return Recipe(
        source=study.source,
        target=study.target,
        model=None if hasattr(model, "save_pretrained") else str(model),
        tokenizer=None if hasattr(tokenizer, "save_pretrained") else str(tokenizer),
        config=config,
        peft_config=study.methods.get(method),
        evaluation=study.evaluation,
        scenarios=tuple(scenario.name for scenario in study.scenarios),
        has_general=study.general is not None,
        keep_weights=study.keep_weights,
    )


def is_done(task: Task) -> bool:
    """Whether all that a task leaves is there."""
    if isinstance(task, AuditTask):
        return task.files.audit(task.scenario, task.split_seed).exists()
    return all(task.files.record(key).exists() for key in task.keys)


def forget_failures(study: Study, files: StudyFolder) -> None:
    """Remove the records of what failed, so that it is done again."""
    for key in study.keys:
        record = read_record(files, key)
        if record is not None and record.status == "failed":
            files.record(key).unlink()
            if record.error.startswith("CheckpointError"):  # it would stand in the way again
                shutil.rmtree(files.training(key) / "checkpoints", ignore_errors=True)
    for split_seed in study.split_seeds:
        for scenario in study.scenarios:
            path = files.audit(scenario.name, split_seed)
            if path.exists() and '"error"' in path.read_text(encoding="utf-8")[:20]:
                path.unlink()


def do_task(task: Task) -> str:
    """Do a task in whatever process this is: "done", or "busy" where another process is at it."""
    if isinstance(task, AuditTask):
        return do_audit(task)
    from codeshift.study.runs import do_run

    return do_run(task)


def do_quietly(task: Task) -> str:
    """``do_task`` where nobody watches: several workers would write their bars over each other's."""
    with bars(False):
        return do_task(task)


@dataclass
class _Attempt:
    """A task and how often workers have died over it."""

    task: Task
    deaths: int = 0


def _drive(tasks: Iterable[Task], executor: Executor, at_once: int, reports: _Reports) -> None:
    """Give tasks to the executor, at most ``at_once`` at a time, until all are done.

    Raises:
        StudyError: the executor takes no more work.
    """
    left = [_Attempt(task) for task in reversed(list(tasks))]
    running: dict[Future[str], _Attempt] = {}
    while left or running:
        while left and len(running) < at_once:
            next_one = left.pop()
            reports.begins(next_one.task)
            running[_submitted(executor, next_one.task)] = next_one
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        again = [one for future in finished if (one := _after(future, running.pop(future), reports)) is not None]
        left[:0] = reversed(again)  # to the end of the queue: the others first
        if again and not running and len(left) == len(again):
            time.sleep(_PAUSE)


def _submitted(executor: Executor, task: Task) -> Future[str]:
    if isinstance(task, AuditTask) and task.bound:
        executor = InThisProcess()
    try:
        return executor.submit(do_task if isinstance(executor, InThisProcess) else do_quietly, task)
    except RuntimeError as error:
        told = f"the executor takes no more work ({type(error).__name__}: {error})"
        raise StudyError(f"{told}: what is done stays done; run the study again with a new one") from error


def _after(future: Future[str], attempt: _Attempt, reports: _Reports) -> _Attempt | None:
    """What is to be done with a task once its future is done: None where that is nothing."""
    try:
        if future.result() == "busy":
            return attempt
    except StudyError:
        raise
    except Exception as error:  # noqa: BLE001 - what a run raises is recorded where it runs; this is its worker's end
        attempt.deaths += 1
        if attempt.deaths < _ATTEMPTS and not is_done(attempt.task):
            return attempt
        _record_death(attempt.task, error)
    reports.ended(attempt.task)
    return None


def _record_death(task: Task, error: Exception) -> None:
    """Leave the error of a worker where nothing else was left."""
    told = f"its worker ended {_ATTEMPTS} times ({type(error).__name__}: {error})"
    if isinstance(task, AuditTask):
        path = task.files.audit(task.scenario, task.split_seed)
        if not path.exists():
            import json

            write_text(path, json.dumps({"error": told}))
        return
    for key in task.keys:
        if read_record(task.files, key) is None:
            write_record(task.files, RunRecord(key=key, status="failed", error=f"StudyError: {told}"))


def _drive_processes(tasks: list[Task], workers: int, threads: int, reports: _Reports) -> None:
    pool = WorkerProcesses(min(workers, len(tasks)), threads)
    try:
        _drive(tasks, pool, workers, reports)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


class _Reports:
    """Tells how a study goes: a bar, or each record as its run ends."""

    def __init__(
        self,
        study: Study,
        files: StudyFolder,
        tasks: Sequence[Task],
        progress: bool | Callable[[RunRecord], None],
    ) -> None:
        self.files = files
        self.tell = progress if callable(progress) else None
        done = [key for key in study.keys if files.record(key).exists()]
        shown = progress is True and bars_shown()
        self.bar = tqdm(total=len(study.keys), initial=len(done), desc="study", unit="run", disable=not shown)
        self.told = set(done)
        self.failed = 0
        self.audits = sum(isinstance(task, AuditTask) for task in tasks)
        self.working: dict[str, None] = {}  # names, in the order in which they began

    def begins(self, task: Task) -> None:
        """Tell what is being done."""
        self.working[task.name] = None
        self._show()

    def ended(self, task: Task) -> None:
        """Tell of what a task has left."""
        self.working.pop(task.name, None)
        self.audits -= isinstance(task, AuditTask)
        for key in task.keys if isinstance(task, RunTask) else ():
            record = read_record(self.files, key)
            if record is None or key in self.told:
                continue
            self.told.add(key)
            self.failed += record.status == "failed"
            self.bar.update()
            if self.tell is not None:
                self.tell(record)
        self._show()

    def _show(self) -> None:
        left = {"audits left": self.audits} if self.audits else {}
        now = {"now": next(reversed(self.working))} if self.working else {}
        self.bar.set_postfix({"failed": self.failed} | left | now)

    def __enter__(self) -> _Reports:
        return self

    def __exit__(self, *error: Any) -> None:
        self.bar.close()
