"""The record of rewritten test rows in the manifests of a study."""

from __future__ import annotations

from codeshift.parts import PARTS, TEST_ID
from codeshift.splits.transformed import TransformedPart
from codeshift.study.regimes import ScenarioRows
from codeshift.study.spec import StudySpec
from codeshift.study.study_rows import StudyRows
from codeshift.transforms.paired import changed_rows, transformed_part


def rewritten_part(spec: StudySpec, rows: StudyRows, split: ScenarioRows) -> TransformedPart | None:
    """Return the record of a scenario's ``test_transformed``; None if the study has no transform."""
    if spec.transform is None:
        return None
    part, split_seed = PARTS[TEST_ID], split.parts.split_seed
    given, rewritten = (data.select(split.test[part]) for data in (rows.test(split_seed), rows.rewritten(split_seed)))
    changed = changed_rows(given, rewritten, spec.transform.columns)
    return transformed_part(part, spec.transform, rewritten, changed)
