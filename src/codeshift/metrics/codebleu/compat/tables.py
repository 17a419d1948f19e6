"""Tables of data flow as in the public implementations of CodeBLEU, language by language.

These tables serve the compatible modes alone. They describe what that code does with the trees of today's grammars,
oversights included: C and C++ are read by the rules of C#, a Rust function has no body, ``let`` starts no loop in
JavaScript, and so on. ``codeshift.metrics.codebleu.dataflow.tables`` has the correct rules.
"""

from __future__ import annotations

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, Rule, rule

_WHOLE = {kind: rule("whole") for kind in ("string_literal", "string", "character_literal")}
_DECLARATION = rule("declare", name="target", value="value")
_ASSIGNMENT = rule("assign", left="target", right="value")
_UPDATE = rule("update")
_WHILE = rule("while")


def _flow_table(rules: dict[str, Rule], *, any_case: bool = False) -> FlowTable:
    return FlowTable(
        variables=frozenset({"identifier"}),
        literals=frozenset(),
        names=frozenset(),
        calls=frozenset(),
        rules={**_WHOLE, **rules},
        comments=frozenset(),
        every_leaf=True,
        any_case=any_case,
    )


def _if(*arms: str, tags: tuple[str, ...] = (), sticky: bool = True, base: bool = False) -> Rule:
    """Return the rule of a branch; ``arms`` run separately (with ``sticky``, all after the first of them too)."""
    roles = dict.fromkeys(tags, "tag") | {arm: "arm+tag" if "else" in arm else "arm" for arm in arms}
    what = "branch" + (" sticky" if sticky else "") + (" base" if base else "")
    return Rule(what, roles)


_PYTHON = _flow_table(
    {
        "assignment": rule("pairs", left="target", right="value"),
        "augmented_assignment": rule("pairs", left="target", right="value"),
        "for_in_clause": rule("clause", left="target"),
        "default_parameter": _DECLARATION,
        "if_statement": _if("elif_clause", "else_clause", sticky=False),
        "for_statement": rule("for pairs", left="target", right="value", block="block"),
        "while_statement": _WHILE,
        "list_comprehension": rule("clauses", for_in_clause="first"),
        "set_comprehension": rule("clauses", for_in_clause="first"),
        "dictionary_comprehension": rule("clauses", for_in_clause="first"),
        "generator_expression": rule("clauses", for_in_clause="first"),
        "ERROR": rule("clauses", for_in_clause="first"),
    }
)

_JAVA = _flow_table(
    {
        "assignment_expression": _ASSIGNMENT,
        "variable_declarator": _DECLARATION,
        "update_expression": _UPDATE,
        "if_statement": _if("if_statement", "else"),
        "for_statement": rule("for", local_variable_declaration="first"),
        "enhanced_for_statement": rule("foreach", name="target", value="value", body="body"),
        "while_statement": _WHILE,
    }
)

_C_SHARP = _flow_table(
    {
        "assignment_expression": _ASSIGNMENT,
        "variable_declarator": rule("declare by place"),
        "postfix_unary_expression": _UPDATE,
        "if_statement": _if("if_statement", "else", tags=("else_clause",)),
        "for_statement": rule("for", local_variable_declaration="first"),
        "for_each_statement": rule("foreach", left="target", right="value", body="body"),
        "while_statement": _WHILE,
    }
)

_RUBY_IF = _if("if", "elsif", "else", "unless", "when", sticky=False)
_RUBY = _flow_table(
    dict(
        assignment=rule("pairs", left="target", right="value"),
        operator_assignment=rule("pair", left="target", right="value"),
        keyword_parameter=_DECLARATION,
        elsif=_RUBY_IF,
        unless=_RUBY_IF,
        when=_RUBY_IF,
        **{"if": _RUBY_IF, "else": Rule(_RUBY_IF.what + " tagged", _RUBY_IF.roles)},
        **{"for": rule("foreach once", pattern="target", value="value", body="body")},
        while_modifier=_WHILE,
        until=_WHILE,
    )
)

_GO = _flow_table(
    {
        "assignment_statement": _ASSIGNMENT,
        "var_spec": _DECLARATION,
        "inc_statement": _UPDATE,
        "if_statement": _if("if_statement", "else", base=True),
        "for_statement": rule("for", for_clause="first"),
        "for_clause": rule("split", update="update"),
    }
)

_PHP = _flow_table(
    {
        "assignment_expression": _ASSIGNMENT,
        "augmented_assignment_expression": _ASSIGNMENT,
        "simple_parameter": rule("declare", name="target", default_value="value"),
        "update_expression": _UPDATE,
        "if_statement": _if("if_statement", "else_clause", base=True),
        "else_clause": _if("if_statement", "else_clause", base=True),
        "for_statement": rule("for", assignment_expression="first"),
        "foreach_statement": rule("foreach by place", variable_name="variable", body="body"),
        "while_statement": _WHILE,
    },
    any_case=True,
)

_JAVASCRIPT = _flow_table(
    {
        "assignment_pattern": _ASSIGNMENT,
        "augmented_assignment_expression": _ASSIGNMENT,
        "variable_declarator": _DECLARATION,
        "update_expression": _UPDATE,
        "if_statement": _if("if_statement", "else", base=True),
        "for_statement": rule("for", variable_declaration="first"),
        "while_statement": _WHILE,
    }
)

_RUST_IF = _if("if_expression", "if_let_expression", "match_expression", "else", tags=("else_clause",))
_RUST = _flow_table(
    {
        "assignment_expression": _ASSIGNMENT,
        "compound_assignment_expr": _ASSIGNMENT,
        "let_expression": _ASSIGNMENT,
        "function_item": rule("declare second"),
        "if_expression": _RUST_IF,
        "if_let_expression": _RUST_IF,
        "match_expression": _RUST_IF,
        "for_expression": rule("for", local_variable_declaration="first"),
        "while_expression": _WHILE,
        "while_let_expression": _WHILE,
        "loop_expression": _WHILE,
    }
)

COMPAT_TABLES = {
    "python": _PYTHON,
    "java": _JAVA,
    "c_sharp": _C_SHARP,
    "c": _C_SHARP,
    "cpp": _C_SHARP,
    "ruby": _RUBY,
    "go": _GO,
    "php": _PHP,
    "javascript": _JAVASCRIPT,
    "rust": _RUST,
}
"""Language -> table. Neither implementation has TypeScript."""
