"""The names of the figures and tables of a report, which makers, sections, files and users know them by."""

from __future__ import annotations

from enum import StrEnum


class ReportFigure(StrEnum):
    """Name of a figure, also in ``Report.plot`` and in file names."""

    HEAT_MAP = "heat_map"
    CURVES = "curves"
    CURVES_BY_SCENARIO = "curves_by_scenario"
    ID_AGAINST_OOD = "id_against_ood"
    DIFFERENCES = "differences"
    UNSEEN = "unseen"
    STRENGTH = "strength"
    HOW_FAR = "how_far"
    FAILURES = "failures"
    VARIANTS = "variants"
    CONFUSION = "confusion"
    RELIABILITY = "reliability"
    DISTRIBUTIONS = "distributions"
    ALONG_TRAINING = "along_training"
    MODELS = "models"


class ReportTable(StrEnum):
    """Name of a table, also in ``Report.to_latex``; in the order in which papers have them."""

    MODELS = "models"
    RELATIVE = "relative"
    COMPARISONS = "comparisons"
    DISAGREEMENTS = "disagreements"
    FORGETTING = "forgetting"
    REGRETS = "regrets"
    UNSEEN = "unseen"
    SEEN = "seen"
    SEEN_ADVANTAGES = "seen_advantages"
    SEEN_SHARES = "seen_shares"
    HOW_FAR = "how_far"
    TRANSFORMED = "transformed"
    FAILURES = "failures"
    CLASSES = "classes"
    PRIOR_SHIFT = "prior_shift"
    CALIBRATION = "calibration"
    DETECTION = "detection"
    SPLITS = "splits"
    DISTRIBUTIONS = "distributions"
    SCORES = "scores"
