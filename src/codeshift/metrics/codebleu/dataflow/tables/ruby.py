"""Data flow of Ruby. A block may run any number of times, and what it stores is visible after it."""

from codeshift.metrics.codebleu.dataflow.rules import FlowTable, rule, words

_IF = rule("branch", consequence="arm", alternative="else")
_IF_AFTER = rule("branch", condition="first", body="arm")
_WHILE_AFTER = rule("loop", body="after")
_PARAMETERS = "method_parameters lambda_parameters block_parameters"
_PATTERNS = "array_pattern hash_pattern find_pattern exception_variable"
_STRINGS = "string regex subshell string_array symbol_array delimited_symbol heredoc_body"

TABLE = FlowTable(
    variables=words("identifier instance_variable class_variable global_variable"),
    literals=words("integer float rational complex nil true false simple_symbol character"),
    names=words("method.name singleton_method.name alias.name alias.alias call.method"),
    calls=frozenset(),
    rules={
        "assignment": rule("assign", left="target", right="value"),
        "operator_assignment": rule("augment", left="target", right="value"),
        "optional_parameter": rule("assign", name="target", value="value"),
        "keyword_parameter": rule("assign", name="target", value="value"),
        "if": _IF,
        "elsif": _IF,
        "unless": _IF,
        "conditional": _IF,
        "if_modifier": _IF_AFTER,
        "unless_modifier": _IF_AFTER,
        "case": rule("branch", when="arm", **{"else": "else"}),
        "case_match": rule("branch", in_clause="arm", **{"else": "else"}),
        "begin": rule("branch", rescue="arm"),
        "body_statement": rule("branch", rescue="arm"),
        "while": rule("loop"),
        "until": rule("loop"),
        "while_modifier": _WHILE_AFTER,
        "until_modifier": _WHILE_AFTER,
        "for": rule("foreach", pattern="target", value="value"),
        "block": rule("loop"),
        "do_block": rule("loop"),
        "lambda": rule("scope"),
        "method": rule("scope"),
        "singleton_method": rule("scope"),
        "left_assignment_list": rule("list"),
        "right_assignment_list": rule("list"),
        "element_reference": rule("part", object="base"),
        "call": rule("member", receiver="object"),
        **dict.fromkeys(words(_PARAMETERS), rule("define")),
        **dict.fromkeys(words(_PATTERNS), rule("define")),
        **dict.fromkeys(words(_STRINGS), rule("literal")),
    },
    selves=words("self"),
)
