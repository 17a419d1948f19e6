"""The records of rewritten test rows in the manifests of a study."""

from __future__ import annotations

from codeshift.parts import PARTS, TEST_ID, transformed_by
from codeshift.splits.transformed import TransformedPart
from codeshift.study.settings.spec import StudySpec
from codeshift.study.splitting.scenario_split import ScenarioSplit
from codeshift.study.splitting.study_splits import StudySplits
from codeshift.transforms.paired import changed_rows, transformed_part


def transformed_parts(spec: StudySpec, splits: StudySplits, split: ScenarioSplit) -> dict[str, TransformedPart]:
    """Return the record of each rewritten part of a scenario by the part's name; none without transforms."""
    part, split_seed = PARTS[TEST_ID], split.parts.split_seed
    parts = {}
    for name, transform in spec.transforms.items():
        test = splits.test(split_seed), splits.rewritten(name, split_seed)
        original, rewritten = (rows.select(split.test[part]) for rows in test)
        changed = changed_rows(original, rewritten, transform.columns)
        parts[transformed_by(name)] = transformed_part(part, transform, rewritten, changed)
    return parts
