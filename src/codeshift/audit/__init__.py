"""Audit of a split: leakage, the strength of the shift, and the confounds that moved with it.

>>> from datasets import Dataset, DatasetDict
>>> from codeshift.audit import audit
>>> rows = Dataset.from_dict({"code": [f"x{i} = {i}" for i in range(40)]})
>>> report = audit(DatasetDict({"train": rows, "test": rows}), column="code", n_permutations=19)
>>> print(report.verdict)
Leaks: 40 of 40 rows of test (100.00%) have an exact or near-duplicate in train.
"""

from codeshift.audit.auditing import audit
from codeshift.audit.column_leakage import ColumnLeakage
from codeshift.audit.confounds import Confound
from codeshift.audit.copies import Copies
from codeshift.audit.corpora import Corpus
from codeshift.audit.decontamination import (
    DecontaminationList,
    read_decontamination_list,
    write_decontamination_list,
)
from codeshift.audit.distances import jensen_shannon, memberships, standardised_effect, wasserstein
from codeshift.audit.label_mix import LabelMixShift
from codeshift.audit.labels import LabelShift
from codeshift.audit.leakage import Leakage, LeakedPair
from codeshift.audit.nearest import NearestSimilarity
from codeshift.audit.overlapping import Overlap, overlap
from codeshift.audit.part_overlap import PartOverlap, SeenPair
from codeshift.audit.report import AuditReport
from codeshift.audit.settings import AuditSettings, Thresholds
from codeshift.audit.strength import PropertyShift, Strength
from codeshift.audit.truncation import Truncation
from codeshift.audit.two_sample import TwoSampleTest, classifier_two_sample_test, maximum_mean_discrepancy
from codeshift.audit.unseen_elements import UnseenElements
from codeshift.audit.verdict import Verdict
from codeshift.audit.word_ngrams import ngrams_of
from codeshift.marks import RowMarks

__all__ = [
    "AuditReport",
    "AuditSettings",
    "ColumnLeakage",
    "Confound",
    "Copies",
    "Corpus",
    "DecontaminationList",
    "LabelMixShift",
    "LabelShift",
    "Leakage",
    "LeakedPair",
    "NearestSimilarity",
    "Overlap",
    "PartOverlap",
    "PropertyShift",
    "RowMarks",
    "SeenPair",
    "Strength",
    "Thresholds",
    "Truncation",
    "TwoSampleTest",
    "UnseenElements",
    "Verdict",
    "audit",
    "classifier_two_sample_test",
    "jensen_shannon",
    "maximum_mean_discrepancy",
    "memberships",
    "ngrams_of",
    "overlap",
    "read_decontamination_list",
    "standardised_effect",
    "wasserstein",
    "write_decontamination_list",
]
