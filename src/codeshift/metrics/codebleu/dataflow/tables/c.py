"""Data flow of C."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_SKIPPED = "preproc_def preproc_function_def preproc_call preproc_include type_definition"

TABLE = FlowTable(
    variables=words("identifier"),
    literals=words("number_literal true false null"),
    names=words("function_declarator.declarator preproc_ifdef.name preproc_elifdef.name"),
    calls=words("call_expression.function"),
    rules={
        "assignment_expression": rule("operate", left="target", right="value", **{"=": "plain"}),
        "declaration": rule("define"),
        "init_declarator": rule("assign", declarator="target", value="value"),
        "enumerator": rule("assign", name="target", value="value"),
        "update_expression": rule("update"),
        "if_statement": rule("branch", consequence="arm", alternative="else"),
        "conditional_expression": rule("branch", consequence="arm", alternative="else"),
        "switch_statement": rule("branch"),
        "compound_statement": rule("splice", case_statement="arm"),
        "while_statement": rule("loop"),
        "do_statement": rule("repeat"),
        "for_statement": rule("loop", initializer="before", update="after"),
        "function_definition": rule("scope"),
        "parameter_list": rule("define"),
        "subscript_expression": rule("part", argument="base"),
        "array_declarator": rule("part", declarator="base"),
        "field_expression": rule("member", argument="object"),
        "pointer_expression": rule("part", argument="base"),
        "string_literal": rule("literal"),
        "char_literal": rule("literal"),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
)
