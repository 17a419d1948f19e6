"""The records of rewritten test rows in the manifests of a study."""

from __future__ import annotations

from codeshift.parts import PARTS, TEST_ID, transformed_by
from codeshift.splits.transformed import TransformedPart
from codeshift.study.regimes import ScenarioRows
from codeshift.study.spec import StudySpec
from codeshift.study.study_rows import StudyRows
from codeshift.transforms.paired import changed_rows, transformed_part


def transformed_parts(spec: StudySpec, rows: StudyRows, split: ScenarioRows) -> dict[str, TransformedPart]:
    """Return the record of each rewritten part of a scenario by the part's name; none without transforms."""
    part, split_seed = PARTS[TEST_ID], split.parts.split_seed
    parts = {}
    for name, transform in spec.transforms.items():
        given, rewritten = (
            data.select(split.test[part]) for data in (rows.test(split_seed), rows.rewritten(name, split_seed))
        )
        changed = changed_rows(given, rewritten, transform.columns)
        parts[transformed_by(name)] = transformed_part(part, transform, rewritten, changed)
    return parts
