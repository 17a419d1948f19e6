"""The record of rewritten test rows in the manifests of a study."""

from __future__ import annotations

from dataclasses import replace

from codeshift.parts import PARTS, TEST_ID
from codeshift.splits.manifest import SplitManifest
from codeshift.study.regimes import ScenarioRows
from codeshift.study.spec import StudySpec
from codeshift.study.study_rows import StudyRows
from codeshift.transforms.paired import changed_rows, transformed_part


def with_transform(manifest: SplitManifest, spec: StudySpec, rows: StudyRows, split: ScenarioRows) -> SplitManifest:
    """Return a manifest of a scenario with the record of ``test_transformed``, if the study has a transform."""
    if spec.transform is None:
        return manifest
    part, split_seed = PARTS[TEST_ID], split.parts.split_seed
    given, rewritten = (data.select(split.test[part]) for data in (rows.test(split_seed), rows.rewritten(split_seed)))
    changed = changed_rows(given, rewritten, spec.transform.columns)
    return replace(manifest, transformed=transformed_part(part, spec.transform, rewritten, changed))
