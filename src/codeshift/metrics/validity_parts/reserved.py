"""Reserved words of each language, and the places where its grammar would still accept them as names.

tree-sitter looks for a keyword only where one may occur, so ``else { }`` in a Java class is a constructor of the name
``else``.
"""

from __future__ import annotations

from dataclasses import dataclass

_PHP_VALUES = ("return_statement", "echo_statement", "binary_expression", "argument !name", "unary_op_expression",
               "array_element_initializer", "parenthesized_expression")  # fmt: skip
"""Types of nodes that contain a name that is a constant."""


@dataclass(frozen=True)
class Reserved:
    """Reserved words of a language.

    Attributes:
        words: Words that cannot be names. Words that are keywords only in some contexts (``var``, ``record``,
            ``async``) are not among them.
        names: Grammar's types of nodes that are names, or patterns of a query with a capture ``name``.
        free: Types of nodes within which any word may occur, such as the arguments of a macro.
    """

    words: frozenset[str]
    names: tuple[str, ...] = ("identifier",)
    free: frozenset[str] = frozenset()


def _word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_C = """break case const continue default do else enum extern for goto if register return sizeof static struct switch
    typedef union volatile while"""
_ECMA = """break case catch class const continue debugger default delete do else enum export extends false finally for
    function if import in instanceof new null return super switch this throw true try typeof var void while with"""
_ECMA_NAMES = ("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern",
               "statement_identifier")  # fmt: skip

RESERVED: dict[str, Reserved] = {
    "java": Reserved(
        _word_set(
            """abstract assert boolean break byte case catch char class const continue default do double else enum
            extends false final finally float for goto if implements import instanceof int interface long native new
            null package private protected public return short static strictfp super switch synchronized this throw
            throws transient true try void volatile while"""
        ),
        ("identifier", "type_identifier"),
    ),
    "c_sharp": Reserved(
        _word_set(
            """abstract as base break case catch checked class const continue default delegate do else enum event
            explicit extern false finally fixed for foreach goto if implicit in interface internal is lock namespace
            new null operator out override params private protected public readonly ref return sealed sizeof
            stackalloc static struct switch this throw true try typeof unchecked unsafe using virtual volatile while"""
        )
    ),
    "javascript": Reserved(_word_set(_ECMA), _ECMA_NAMES),
    "typescript": Reserved(_word_set(_ECMA), (*_ECMA_NAMES, "type_identifier")),
    "go": Reserved(
        _word_set(
            """break case chan const continue default defer else fallthrough for func go goto if import interface map
            package range return select struct switch type var"""
        ),
        ("identifier", "type_identifier", "field_identifier", "package_identifier", "label_name"),
    ),
    "c": Reserved(_word_set(_C), ("identifier", "type_identifier", "field_identifier", "statement_identifier")),
    "cpp": Reserved(
        _word_set(
            _C
            + """ catch class delete export friend namespace new operator private protected
            public template throw try typeid typename using virtual"""
        ),
        ("identifier", "type_identifier", "field_identifier", "namespace_identifier", "statement_identifier"),
    ),
    "rust": Reserved(
        _word_set(
            """as async await break const continue dyn else enum extern false fn for if impl in let loop match mod move
            mut pub ref return static struct trait true type unsafe use where while"""
        ),
        ("identifier", "type_identifier", "field_identifier"),
        frozenset({"token_tree", "token_tree_pattern", "macro_rule", "lifetime"}),
    ),
    "ruby": Reserved(
        _word_set(
            """alias and begin break case class def do else elsif end ensure false for if in module next nil not or
            redo rescue retry return self super then true undef unless until when while yield"""
        )
    ),
    "php": Reserved(
        _word_set(
            """abstract and array as break callable case catch class clone const continue declare default do echo else
            elseif empty enddeclare endfor endforeach endif endswitch endwhile eval exit extends final finally fn
            for foreach function global goto if implements include include_once instanceof insteadof interface isset
            list match namespace new or print private protected public require require_once return static switch
            throw trait try unset use var while xor yield"""
        ),
        (
            "(function_definition name: (name) @name)",
            "(named_label_statement (name) @name)",
            "(class_declaration name: (name) @name)",
            *(f"({holder} (name) @name)" for holder in _PHP_VALUES),
        ),
    ),
}  # fmt: skip
"""Reserved words by language."""
