"""Data flow of JavaScript."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_FUNCTIONS = """function_declaration function_expression generator_function generator_function_declaration
arrow_function method_definition"""
_STRINGS = "string template_string regex"

TABLE = FlowTable(
    variables=words("identifier shorthand_property_identifier shorthand_property_identifier_pattern"),
    literals=words("number true false null undefined"),
    names=words(
        """function_declaration.name function_expression.name generator_function.name
        generator_function_declaration.name class_declaration.name class.name new_expression.constructor"""
    ),
    calls=words("call_expression.function"),
    rules={
        "assignment_expression": rule("assign", left="target", right="value"),
        "augmented_assignment_expression": rule("augment", left="target", right="value"),
        "variable_declarator": rule("assign", name="target", value="value"),
        "assignment_pattern": rule("assign", left="target", right="value"),
        "object_assignment_pattern": rule("assign", left="target", right="value"),
        "update_expression": rule("update"),
        "if_statement": rule("branch", consequence="arm", alternative="else"),
        "ternary_expression": rule("branch", consequence="arm", alternative="else"),
        "switch_body": rule("branch", switch_case="arm", switch_default="else"),
        "try_statement": rule("branch", handler="arm"),
        "catch_clause": rule("bind", parameter="parameter"),
        "while_statement": rule("loop"),
        "do_statement": rule("repeat"),
        "for_statement": rule("loop", initializer="before", increment="after"),
        "for_in_statement": rule("foreach", left="target", right="value"),
        "formal_parameters": rule("define"),
        "array_pattern": rule("list"),
        "subscript_expression": rule("part", object="base"),
        "member_expression": rule("member", object="object"),
        "import_statement": rule("skip"),
        **dict.fromkeys(words(_FUNCTIONS), rule("scope", parameter="parameter")),
        **dict.fromkeys(words(_STRINGS), rule("literal")),
    },
    comments=words("comment html_comment"),
)
