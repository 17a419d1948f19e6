"""Names that help lists without loading what they name, written by ``scripts/command_names.py``."""

SPLITTERS = (
    "APIUsageSplitter",
    "ASTNodeSplitter",
    "ClusterSplitter",
    "ComplexitySplitter",
    "CompoundDivergenceSplitter",
    "GroupSplitter",
    "LengthSplitter",
    "RandomSplitter",
    "TimeSplitter",
    "TokenRaritySplitter",
)
"""Names of all splitters in expressions."""

TRANSFORM_NAMES = (
    "DeadCode",
    "DropComments",
    "ForToWhile",
    "InvertConditions",
    "Reformat",
    "RenameIdentifiers",
    "UnfoldConstants",
)
"""Names of all transforms."""

OF_TEXTS = (
    "bleu",
    "chrf",
    "codebleu",
    "edit_similarity",
    "element_precision",
    "element_recall",
    "exact_match",
    "pass_at_k",
    "syntactic_validity",
)
"""Names of all metrics of a text that was written."""

BY_TEACHER_FORCING = (
    "negative_log_likelihood",
    "token_accuracy",
)
"""Names of all metrics that are measured on the model itself."""

OF_CLASSES = (
    "auroc",
    "f1",
    "mcc",
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "expected_calibration_error",
    "false_negative_rate_at",
    "log_loss",
)
"""Names of all metrics of a classification."""

SPLIT_OPTIONS = {
    "seed": (
        "integer",
        "0",
        "seed, any integer",
    ),
    "ood_kept": (
        "share",
        "0",
        "share of the pool that stays in train",
    ),
    "test_ood_size": (
        "size",
        "0.5",
        "size of test_ood, of the region's rows",
    ),
    "validation_size": (
        "size",
        "0.1",
        "size of validation (in-distribution), of all rows; 0 for none",
    ),
    "test_id_size": (
        "size",
        "match",
        "size of test_id, of all rows; match for as many rows as test_ood has",
    ),
    "train_size": (
        "size",
        "",
        "exact size of train, of all rows, for any ood_kept, so that size is not a confound",
    ),
    "groups": (
        "column",
        "",
        "column (project, author) whose equal values keep rows on one side of train and test",
    ),
    "stratify_by_column": (
        "column",
        "",
        "column (a label) whose values have the same shares in every drawn part",
    ),
    "near_duplicates": (
        "near_duplicates",
        "bind",
        "handling of near-duplicates",
    ),
    "validation_ood_size": (
        "size",
        "0",
        "size of validation_ood, of the region's rows, to study model selection that sees the shift",
    ),
    "train_control": (
        "flag",
        "",
        "return train_control too",
    ),
    "tolerance": (
        "share",
        "",
        "largest difference from a requested size, as a share of all rows, that is a warning and not an error",
    ),
    "min_test_rows": (
        "integer",
        "30",
        "number of distinct rows of test_ood and test_id below which a warning is given; 0 for no warning",
    ),
}
"""Kind of each option of a split, its default in words (none for what is off) and what it is."""

TRAINING_DEFAULTS = {
    "learning_rate": "5e-05",
    "num_train_epochs": "3",
    "train_batch_size": "16",
    "max_source_length": "512",
    "max_target_length": "512",
    "seed": "0",
}
"""Default of each option of training, in words; none for what is off."""
