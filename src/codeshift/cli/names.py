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

SPLIT_DEFAULTS = {
    "seed": "0",
    "ood_kept": "0",
    "test_ood_size": "0.5",
    "validation_size": "0.1",
    "test_id_size": "match",
    "near_duplicates": "bind",
    "validation_ood_size": "0",
    "min_test_rows": "30",
}
"""Default of each option of a split, in words; none for what is off."""

TRAINING_DEFAULTS = {
    "learning_rate": "5e-05",
    "num_train_epochs": "3",
    "train_batch_size": "16",
    "max_source_length": "512",
    "max_target_length": "512",
    "seed": "0",
}
"""Default of each option of training, in words; none for what is off."""
