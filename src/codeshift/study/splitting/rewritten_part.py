"""The record of rewritten test rows in the manifests of a study."""

from __future__ import annotations

from codeshift.parts import PARTS, TEST_ID
from codeshift.splits.transformed import TransformedPart
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.scenario_split import ScenarioSplit
from codeshift.study.splitting.study_splits import StudySplits
from codeshift.transforms.paired import changed_rows, transformed_part


def rewritten_part(spec: StudySpec, splits: StudySplits, split: ScenarioSplit) -> TransformedPart | None:
    """Return the record of a scenario's ``test_transformed``; None if the study has no transform."""
    if spec.transform is None:
        return None
    part, split_seed = PARTS[TEST_ID], split.parts.split_seed
    test = splits.test(split_seed), splits.rewritten(split_seed)
    original, rewritten = (rows.select(split.test[part]) for rows in test)
    changed = changed_rows(original, rewritten, spec.transform.columns)
    return transformed_part(part, spec.transform, rewritten, changed)
