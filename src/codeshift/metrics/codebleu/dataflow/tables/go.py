"""Data flow of Go."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_CASES = {"expression_case": "arm", "type_case": "arm", "communication_case": "arm", "default_case": "else"}
_STRINGS = "interpreted_string_literal raw_string_literal"
_SKIPPED = "import_declaration package_clause type_declaration type_arguments qualified_type"

TABLE = FlowTable(
    variables=words("identifier"),
    literals=words("int_literal float_literal imaginary_literal rune_literal true false nil iota"),
    names=words("function_declaration.name"),
    calls=words("call_expression.function"),
    rules={
        "assignment_statement": rule("operate", left="target", right="value", **{"=": "plain"}),
        "short_var_declaration": rule("assign", left="target", right="value"),
        "receive_statement": rule("assign", left="target", right="value"),
        "var_spec": rule("assign", name="target", value="value"),
        "const_spec": rule("assign", name="target", value="value"),
        "inc_statement": rule("update"),
        "dec_statement": rule("update"),
        "if_statement": rule("branch", consequence="arm", alternative="else"),
        "expression_switch_statement": rule("branch", **_CASES),
        "type_switch_statement": rule("branch", alias="target", value="value", **_CASES),
        "select_statement": rule("branch", **_CASES),
        "for_statement": rule("loop"),
        "for_clause": rule("splice", initializer="before", condition="condition", update="after"),
        "range_clause": rule("splice", left="target", right="value"),
        "function_declaration": rule("scope"),
        "method_declaration": rule("scope"),
        "func_literal": rule("scope"),
        "parameter_list": rule("define"),
        "expression_list": rule("list"),
        "index_expression": rule("part", operand="base"),
        "selector_expression": rule("part", operand="base"),
        "unary_expression": rule("part", operand="base"),
        "keyed_element": rule("only", value="value"),
        **dict.fromkeys(words(_STRINGS), rule("literal")),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
)
