"""Data flow of Python."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_COMPREHENSIONS = "list_comprehension set_comprehension dictionary_comprehension generator_expression"
_LISTS = "pattern_list expression_list tuple_pattern list_pattern tuple list"
_SKIPPED = """type type_parameter import_statement import_from_statement future_import_statement global_statement
nonlocal_statement type_alias_statement"""

TABLE = FlowTable(
    variables=words("identifier"),
    literals=words("integer float true false none ellipsis"),
    names=words("function_definition.name class_definition.name attribute.attribute keyword_argument.name"),
    calls=words("call.function"),
    rules={
        "assignment": rule("assign", left="target", right="value"),
        "augmented_assignment": rule("augment", left="target", right="value"),
        "named_expression": rule("assign", name="target", value="value"),
        "as_pattern": rule("assign", alias="target"),
        "if_statement": rule("branch", consequence="arm", elif_clause="arm", else_clause="else"),
        "try_statement": rule("branch", except_clause="arm"),
        "match_statement": rule("branch"),
        "block": rule("splice", case_clause="arm"),
        "case_pattern": rule("define"),
        "while_statement": rule("loop", alternative="else"),
        "for_statement": rule("foreach", left="target", right="value", alternative="else"),
        "for_in_clause": rule("assign", left="target", right="value"),
        "function_definition": rule("scope"),
        "lambda": rule("scope"),
        "parameters": rule("define"),
        "lambda_parameters": rule("define"),
        "default_parameter": rule("assign", name="target", value="value"),
        "typed_default_parameter": rule("assign", name="target", value="value"),
        "subscript": rule("part", value="base"),
        "attribute": rule("member", object="object"),
        "string": rule("literal"),
        "expression_statement": rule("docstring"),
        **dict.fromkeys(words(_COMPREHENSIONS), rule("scope", for_in_clause="first")),
        **dict.fromkeys(words(_LISTS), rule("list")),
        **dict.fromkeys(words(_SKIPPED), rule("skip")),
    },
    selves=words("self cls"),
)
