"""Data flow of Java."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_FUNCTION = rule("scope")
_SKIPPED = """annotation marker_annotation scoped_identifier package_declaration import_declaration break_statement
continue_statement"""

TABLE = FlowTable(
    variables=words("identifier"),
    literals=words(
        """decimal_integer_literal hex_integer_literal octal_integer_literal binary_integer_literal
        decimal_floating_point_literal hex_floating_point_literal character_literal true false null_literal"""
    ),
    names=words(
        """method_invocation.name method_declaration.name constructor_declaration.name
        compact_constructor_declaration.name class_declaration.name interface_declaration.name enum_declaration.name
        record_declaration.name annotation_type_declaration.name annotation_type_element_declaration.name
        enum_constant.name field_access.field"""
    ),
    calls=frozenset(),
    rules={
        "assignment_expression": rule("operate", left="target", right="value", **{"=": "plain"}),
        "variable_declarator": rule("assign", name="target", value="value"),
        "resource": rule("assign", name="target", value="value"),
        "instanceof_expression": rule("assign", name="target", left="value"),
        "update_expression": rule("update"),
        "if_statement": rule("branch", consequence="arm", alternative="else"),
        "ternary_expression": rule("branch", consequence="arm", alternative="else"),
        "switch_block": rule("branch", switch_block_statement_group="arm", switch_rule="arm"),
        "try_statement": rule("branch", catch_clause="arm"),
        "try_with_resources_statement": rule("branch", catch_clause="arm"),
        "catch_formal_parameter": rule("define"),
        "while_statement": rule("loop"),
        "do_statement": rule("repeat"),
        "for_statement": rule("loop", init="before", update="after"),
        "enhanced_for_statement": rule("foreach", name="target", value="value"),
        "method_declaration": _FUNCTION,
        "constructor_declaration": _FUNCTION,
        "compact_constructor_declaration": _FUNCTION,
        "lambda_expression": rule("scope", parameters="parameter"),
        "formal_parameters": rule("define"),
        "inferred_parameters": rule("define"),
        "array_access": rule("part", array="base"),
        "field_access": rule("member", object="object"),
        "string_literal": rule("literal"),
        "labeled_statement": rule("labelled"),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
)
