"""Data flow of Rust."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_SKIPPED = "scoped_identifier use_declaration attribute_item inner_attribute_item label type_arguments lifetime"

TABLE = FlowTable(
    variables=words("identifier shorthand_field_identifier"),
    literals=words("integer_literal float_literal char_literal boolean_literal"),
    names=words(
        """function_item.name function_signature_item.name macro_invocation.macro tuple_struct_pattern.type
        mod_item.name generic_function.function enum_variant.name macro_definition.name"""
    ),
    calls=words("call_expression.function"),
    rules={
        "let_declaration": rule("assign", pattern="target", value="value"),
        "let_condition": rule("assign", pattern="target", value="value"),
        "assignment_expression": rule("assign", left="target", right="value"),
        "compound_assignment_expr": rule("augment", left="target", right="value"),
        "const_item": rule("assign", name="target", value="value"),
        "static_item": rule("assign", name="target", value="value"),
        "if_expression": rule("branch", consequence="arm", alternative="else"),
        "match_block": rule("branch", match_arm="arm"),
        "match_pattern": rule("define", condition="run"),
        "while_expression": rule("loop"),
        "loop_expression": rule("repeat"),
        "for_expression": rule("foreach", pattern="target", value="value"),
        "function_item": rule("scope"),
        "closure_expression": rule("scope"),
        "parameters": rule("define"),
        "closure_parameters": rule("define"),
        "tuple_pattern": rule("list"),
        "tuple_expression": rule("list"),
        "index_expression": rule("part", **{"0": "base"}),
        "field_expression": rule("member", value="object"),
        "unary_expression": rule("part", **{"0": "base"}),
        "string_literal": rule("literal"),
        "raw_string_literal": rule("literal"),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
    selves=words("self"),
)
