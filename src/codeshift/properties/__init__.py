"""Properties of code: a value for each row; syntactic properties share one parse per row.

Nothing here knows of splits.
"""

from codeshift.properties.apis import APINames
from codeshift.properties.base import Property, TextProperty, TreeProperty
from codeshift.properties.elements import ElementCounts
from codeshift.properties.grammars import Grammar, grammar, languages
from codeshift.properties.length import CharCount, LineCount, TokenCount
from codeshift.properties.table import PropertyTable
from codeshift.properties.tree import NodeTypes, SyntaxTokenCount, TreeDepth

__all__ = [
    "APINames",
    "CharCount",
    "ElementCounts",
    "Grammar",
    "LineCount",
    "NodeTypes",
    "Property",
    "PropertyTable",
    "SyntaxTokenCount",
    "TextProperty",
    "TokenCount",
    "TreeDepth",
    "TreeProperty",
    "grammar",
    "languages",
]
