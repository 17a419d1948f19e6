"""Names of the parts of a split, of official splits, and of the reasons why rows are in no part."""

from __future__ import annotations

PARTS = ("train", "validation", "validation_ood", "test_id", "test_ood", "excluded")
"""Names of the parts; a part in an array is its index here."""
TRAIN, VALIDATION, VALIDATION_OOD, TEST_ID, TEST_OOD, EXCLUDED = range(len(PARTS))

DELIVERED = PARTS[:EXCLUDED]
"""Names of the parts that a ``DatasetDict`` can have, without ``train_control``."""

CONTROL = "train_control"
"""Name of the part that is as large as ``train``, drawn as if nothing were masked; it overlaps with ``train``."""

TRAINED_ON = ("train", CONTROL)
"""Names of the parts that models are fitted on."""

SELECTED_ON = ("validation", "validation_ood")
"""Names of the parts that models are selected on."""

TRAINING = ("train", "validation")
"""Names of the parts that the training of a study's run reads."""

REASONS = ("", "masked", "bound", "near_duplicate", "trimmed", "duplicate", "unparsable")
"""Reasons why a row is excluded: masked from training because it is in the region; bound to a row on the other side, as
equal to it or in one group with it; a near-duplicate of such a row, perhaps through others; trimmed by ``train_size``;
dropped before any row was assigned, as a duplicate of a row that was kept or as one on which the region's parser gives
up."""
NO_REASON, MASKED, BOUND, NEAR_DUPLICATE, TRIMMED, DUPLICATE, UNPARSABLE = range(len(REASONS))

TRANSFORMED = "test_transformed"
"""Name of the part whose rows are those of ``test_id``, rewritten by a transform; they are not among the rows split."""

REWRITTEN = "rewritten"
"""Name, before that of a transform, of the set that a study makes of all its test rows by the transform."""

TEST_PARTS = ("test_id", "test_ood")
"""Parts of the test rows, which differ between scenarios of a study."""

OFFICIAL = ("train", "validation", "test")
"""Names of the official splits of a ``DatasetDict``."""

MANIFEST = "manifest.json"
"""Name of the file in a folder of parts that holds the manifest of the split."""

WHOLE = "data"
"""Name that stands for the rows of a ``Dataset``, which has no official splits."""


def transformed_by(transform: str) -> str:
    """Return the name of the part of a study's scenario whose rows are those of ``test_id``, rewritten by a transform.

    >>> transformed_by("renamed")
    'test_transformed_renamed'
    """
    return f"{TRANSFORMED}_{transform}"


def rewritten_by(transform: str) -> str:
    """Return the name of the set of all test rows as a transform of a study leaves them.

    >>> rewritten_by("renamed")
    'rewritten_renamed'
    """
    return f"{REWRITTEN}_{transform}"
