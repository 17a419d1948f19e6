"""Node types that decide, nest and name in each language: the tables behind ``properties.complexity``.

Node types are those of the grammars of ``codeshift.properties.grammars``. Tokens are node types too, so ``"case"`` is
the keyword, which a default label lacks. If a keyword and a named node share one name (Ruby's ``if``) and are counted
together, each has weight one half.
"""

from __future__ import annotations

from dataclasses import dataclass

_C_LIKE = ("if_statement", "for_statement", "while_statement", "do_statement", "case", "&&", "||")
_JAVASCRIPT = (
    *_C_LIKE, "for_in_statement", "catch_clause", "ternary_expression", "??", "&&=", "||=", "??=",
)  # fmt: skip
_JAVASCRIPT_NESTS = (
    "if_statement", "for_statement", "for_in_statement", "while_statement", "do_statement", "switch_statement",
    "try_statement",
)  # fmt: skip
_JAVASCRIPT_NAMES = (
    "identifier", "property_identifier", "private_property_identifier", "shorthand_property_identifier",
    "shorthand_property_identifier_pattern", "statement_identifier",
)  # fmt: skip


@dataclass(frozen=True)
class ControlFlow:
    """Tables of one language.

    Attributes:
        decisions: Weight of each node type in the number of decisions.
        nesting: Statements (or expressions that control flow) inside which code is nested one level deeper.
        names: Leaves that are identifiers.
    """

    decisions: dict[str, float]
    nesting: frozenset[str]
    names: tuple[str, ...]


def _flow(
    decisions: tuple[str, ...],
    nesting: tuple[str, ...],
    names: tuple[str, ...],
    weights: dict[str, float] | None = None,
) -> ControlFlow:
    return ControlFlow({**dict.fromkeys(decisions, 1.0), **(weights or {})}, frozenset(nesting), names)


CONTROL_FLOW: dict[str, ControlFlow] = {
    "python": _flow(
        ("if_statement", "elif_clause", "for_statement", "while_statement", "except_clause", "case_clause",
         "conditional_expression", "boolean_operator", "for_in_clause", "if_clause"),
        ("if_statement", "for_statement", "while_statement", "try_statement", "match_statement"),
        ("identifier",),
    ),
    "java": _flow(
        (*_C_LIKE, "enhanced_for_statement", "catch_clause", "ternary_expression", "guard"),
        ("if_statement", "for_statement", "enhanced_for_statement", "while_statement", "do_statement",
         "switch_expression", "try_statement", "try_with_resources_statement"),
        ("identifier", "type_identifier"),
    ),
    "c_sharp": _flow(
        (*_C_LIKE, "foreach_statement", "catch_clause", "conditional_expression", "when_clause", "catch_filter_clause",
         "switch_expression_arm", "??", "??=", "and", "or"),
        ("if_statement", "for_statement", "foreach_statement", "while_statement", "do_statement", "switch_statement",
         "switch_expression", "try_statement"),
        ("identifier",),
        # A match expression must have an arm for every value, so the last arm decides nothing.
        {"switch_expression": -1.0},
    ),
    "javascript": _flow(_JAVASCRIPT, _JAVASCRIPT_NESTS, _JAVASCRIPT_NAMES),
    "typescript": _flow(_JAVASCRIPT, _JAVASCRIPT_NESTS, (*_JAVASCRIPT_NAMES, "type_identifier")),
    "go": _flow(
        ("if_statement", "for_statement", "expression_case", "type_case", "communication_case", "&&", "||"),
        ("if_statement", "for_statement", "expression_switch_statement", "type_switch_statement", "select_statement"),
        ("identifier", "field_identifier", "package_identifier", "type_identifier"),
    ),
    "c": _flow(
        (*_C_LIKE, "conditional_expression"),
        ("if_statement", "for_statement", "while_statement", "do_statement", "switch_statement"),
        ("identifier", "field_identifier", "statement_identifier", "type_identifier"),
    ),
    "cpp": _flow(
        (*_C_LIKE, "for_range_loop", "catch_clause", "conditional_expression", "and", "or"),
        ("if_statement", "for_statement", "for_range_loop", "while_statement", "do_statement", "switch_statement",
         "try_statement"),
        ("identifier", "field_identifier", "namespace_identifier", "statement_identifier", "type_identifier"),
    ),
    "rust": _flow(
        ("if_expression", "for_expression", "while_expression", "loop_expression", "try_expression", "&&", "||"),
        ("if_expression", "for_expression", "while_expression", "loop_expression", "match_expression"),
        ("identifier", "field_identifier", "shorthand_field_identifier", "type_identifier"),
        {"match_arm": 1.0, "match_expression": -1.0},  # exhaustive, as above
    ),
    "ruby": _flow(
        ("in_clause", "conditional", "&&", "||", "and", "or", "&&=", "||="),
        ("if", "unless", "while", "until", "for", "case", "case_match", "begin", "if_modifier", "unless_modifier",
         "while_modifier", "until_modifier"),
        ("identifier", "constant"),
        dict.fromkeys(
            ("if", "elsif", "unless", "while", "until", "for", "when", "rescue", "if_modifier", "unless_modifier",
             "while_modifier", "until_modifier", "rescue_modifier", "if_guard", "unless_guard"),
            0.5,
        ),
    ),
    "php": _flow(
        ("if_statement", "else_if_clause", "for_statement", "foreach_statement", "while_statement", "do_statement",
         "case_statement", "match_conditional_expression", "catch_clause", "conditional_expression", "&&", "||", "and",
         "or", "??", "??="),
        ("if_statement", "for_statement", "foreach_statement", "while_statement", "do_statement", "switch_statement",
         "match_expression", "try_statement"),
        ("name",),
    ),
}  # fmt: skip
"""Tables of each language of ``codeshift.properties.languages()``."""

IFS = frozenset({"if_statement", "if_expression"})
"""Node types that are an ``else if``, which nests no deeper, if they are the alternative of another one."""
