"""Rewrites that keep what code does, and splits whose test part is rewritten row by row."""

from codeshift.transforms.base import Chain, Transform
from codeshift.transforms.by_name import transform_by_name
from codeshift.transforms.comments import DropComments
from codeshift.transforms.conditions import InvertConditions
from codeshift.transforms.constants import UnfoldConstants
from codeshift.transforms.dead_code import DeadCode
from codeshift.transforms.layout import Reformat
from codeshift.transforms.loops import ForToWhile
from codeshift.transforms.names import RenameIdentifiers
from codeshift.transforms.paired import PairedShift, paired_shift

__all__ = [
    "Chain",
    "DeadCode",
    "DropComments",
    "ForToWhile",
    "InvertConditions",
    "PairedShift",
    "Reformat",
    "RenameIdentifiers",
    "Transform",
    "UnfoldConstants",
    "paired_shift",
    "transform_by_name",
]
