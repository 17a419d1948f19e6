"""What is out of distribution, and how rows are dealt.

>>> from codeshift.splitters import ASTNodeSplitter
>>> ASTNodeSplitter(column="code", language="python", nodes=("while_statement",))
ASTNodeSplitter(column='code', language='python', nodes=('while_statement',), match='any', min_count=1)
"""

from codeshift.splitters.assignment import SplitAssignment
from codeshift.splitters.ast_node import ASTNodeSplitter
from codeshift.splitters.base import Splitter
from codeshift.splitters.length import LengthSplitter
from codeshift.splitters.manifest import SplitManifest
from codeshift.splitters.regions import Contains, Interval, Region

__all__ = [
    "ASTNodeSplitter",
    "Contains",
    "Interval",
    "LengthSplitter",
    "Region",
    "SplitAssignment",
    "SplitManifest",
    "Splitter",
]
