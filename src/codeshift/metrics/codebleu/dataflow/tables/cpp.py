"""Data flow of C++: that of C, and what C++ adds."""

from dataclasses import replace

from codeshift.metrics.codebleu.dataflow.rules import rule, words
from codeshift.metrics.codebleu.dataflow.tables.c import TABLE as _C

_SKIPPED = "qualified_identifier template_function template_argument_list using_declaration alias_declaration"

TABLE = replace(
    _C,
    rules={
        **_C.rules,
        "for_range_loop": rule("foreach", declarator="target", right="value"),
        "optional_parameter_declaration": rule("assign", declarator="target", default_value="value"),
        "structured_binding_declarator": rule("list"),
        "try_statement": rule("branch", catch_clause="arm"),
        "lambda_expression": rule("scope"),
        "raw_string_literal": rule("literal"),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
)
