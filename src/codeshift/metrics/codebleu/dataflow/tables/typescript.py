"""Data flow of TypeScript: that of JavaScript, with types that hold no variables."""

from dataclasses import replace

from codeshift.metrics.codebleu.dataflow.rules import rule, words
from codeshift.metrics.codebleu.dataflow.tables.javascript import TABLE as _JAVASCRIPT

_TYPES = """type_annotation type_arguments type_parameters interface_declaration type_alias_declaration
extends_type_clause implements_clause type_predicate_annotation asserts_annotation function_signature"""

TABLE = replace(
    _JAVASCRIPT,
    names=_JAVASCRIPT.names | words("enum_declaration.name abstract_class_declaration.name"),
    rules={
        **_JAVASCRIPT.rules,
        "required_parameter": rule("assign", pattern="target", value="value"),
        "optional_parameter": rule("assign", pattern="target", value="value"),
        **dict.fromkeys(words(_TYPES), rule("skip")),
    },
)
