"""Data flow of PHP."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_FUNCTIONS = "function_definition method_declaration anonymous_function arrow_function"
_PARAMETER = rule("assign", name="target", default_value="value")
_STRINGS = "string encapsed_string heredoc nowdoc shell_command_expression"

TABLE = FlowTable(
    variables=frozenset(),
    literals=words("integer float boolean null"),
    names=frozenset(),
    calls=frozenset(),
    rules={
        "variable_name": rule("variable"),
        "assignment_expression": rule("assign", left="target", right="value"),
        "reference_assignment_expression": rule("assign", left="target", right="value"),
        "augmented_assignment_expression": rule("augment", left="target", right="value"),
        "static_variable_declaration": rule("assign", name="target", value="value"),
        "simple_parameter": _PARAMETER,
        "property_promotion_parameter": _PARAMETER,
        "property_element": _PARAMETER,
        "update_expression": rule("update"),
        "global_declaration": rule("define"),
        "if_statement": rule("branch", body="arm", else_if_clause="arm", else_clause="else"),
        "conditional_expression": rule("branch", body="arm", alternative="else"),
        "switch_block": rule("branch", case_statement="arm", default_statement="else"),
        "match_block": rule("branch", match_conditional_expression="arm", match_default_expression="else"),
        "try_statement": rule("branch", catch_clause="arm"),
        "catch_clause": rule("bind", name="parameter"),
        "while_statement": rule("loop"),
        "do_statement": rule("repeat"),
        "for_statement": rule("loop", initialize="before", update="after"),
        "foreach_statement": rule("foreach", **{"0": "value", "1": "target"}),
        "formal_parameters": rule("define"),
        "list_literal": rule("list"),
        "subscript_expression": rule("part", **{"0": "base"}),
        "member_access_expression": rule("member", object="object"),
        "nullsafe_member_access_expression": rule("member", object="object"),
        **dict.fromkeys(words(_FUNCTIONS), rule("scope")),
        **dict.fromkeys(words(_STRINGS), rule("literal")),
    },
    selves=words("$this"),
)
