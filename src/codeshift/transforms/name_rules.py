"""What the grammar of a language tells of its names: what declares them, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = Mapping[str, str | None]
"""Field of a node by the node's type; None for any child."""

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class NameRules:
    """Rules of the names of a language.

    Attributes:
        wrappers: Nodes between a declaration and the name that it declares.
        variables: Declarations of local variables.
        parameters: Declarations of parameters.
        bound: Other declarations; a name that has one is kept everywhere.
        kept: Places of names that mean no variable, such as methods.
        exposed: Places in which a name counts as text or may mean a type; a name that has one is kept everywhere.
        scopes: Nodes that end what is declared in them.
        only_with: Words of which one must stand in a declaration; without it the name is declared elsewhere.
        valid_after: Declarations whose name is valid after them alone; field of the node whose end counts, None for
            that of the declaration.
        harmless: Other types of leaves that may have the text of a variable and mean something else.
        in_order: Whether a name means a local variable only after its declaration.
        refused: Nodes in which all words are kept.
        refused_words: Words with which code is left as it is.
    """

    wrappers: Fields
    variables: Fields
    parameters: Fields
    bound: Fields
    scopes: frozenset[str]
    kept: Fields = field(default_factory=dict)
    exposed: Fields = field(default_factory=dict)
    only_with: Mapping[str, frozenset[str]] = field(default_factory=dict)
    valid_after: Fields = field(default_factory=dict)
    harmless: frozenset[str] = _NONE
    in_order: bool = True
    refused: frozenset[str] = _NONE
    refused_words: frozenset[str] = _NONE


_JAVA = NameRules(
    wrappers={"variable_declarator": "name"},
    variables={
        "local_variable_declaration": None, "enhanced_for_statement": "name", "catch_formal_parameter": "name",
        "resource": "name",
    },
    parameters={
        "formal_parameter": "name", "spread_parameter": None, "lambda_expression": "parameters",
        "inferred_parameters": None,
    },
    bound={
        "field_declaration": None, "constant_declaration": None, "enum_constant": "name",
        "instanceof_expression": "name", "record_pattern_component": None, "type_pattern": None,
    },
    kept={
        "method_invocation": "name", "field_access": "field", "method_declaration": "name",
        "constructor_declaration": "name", "class_declaration": "name", "interface_declaration": "name",
        "record_declaration": "name", "enum_declaration": "name", "annotation": "name", "marker_annotation": "name",
        "element_value_pair": "key", "break_statement": None, "continue_statement": None,
    },
    exposed={
        "labeled_statement": None, "method_reference": None, "scoped_identifier": None, "scoped_type_identifier": None,
    },
    valid_after={"enhanced_for_statement": "value"},
    scopes=frozenset({
        "block", "constructor_body", "switch_block", "for_statement", "enhanced_for_statement", "catch_clause",
        "try_with_resources_statement", "lambda_expression", "method_declaration", "constructor_declaration",
    }),
)  # fmt: skip
_C_SHARP = NameRules(
    wrappers={"variable_declarator": "name", "variable_declaration": None},
    variables={
        "local_declaration_statement": None, "for_statement": "initializer", "foreach_statement": "left",
        "catch_declaration": "name", "using_statement": None,
    },
    parameters={"parameter": "name", "lambda_expression": "parameters"},
    bound={
        "field_declaration": None, "event_field_declaration": None, "property_declaration": "name",
        "enum_member_declaration": "name", "declaration_expression": "name", "declaration_pattern": "name",
        "from_clause": "name", "fixed_statement": None, "parenthesized_variable_designation": None,
        "var_pattern": None, "recursive_pattern": "name", "let_clause": None, "join_clause": None,
        "query_continuation": None, "tuple_pattern": None,
    },
    kept={"member_access_expression": "name", "member_binding_expression": "name", "method_declaration": "name"},
    exposed={
        "anonymous_object_creation_expression": None, "tuple_expression": None, "initializer_expression": None,
        "qualified_name": None, "generic_name": None, "labeled_statement": None, "goto_statement": None,
        "attribute": None, "local_function_statement": "name", "type_argument_list": None, "base_list": None,
        "typeof_expression": None, "as_expression": "right", "is_expression": "right", "default_expression": None,
        "argument": "name", "constant_pattern": None,
    },
    valid_after={"foreach_statement": "right"},
    scopes=frozenset({
        "block", "for_statement", "foreach_statement", "catch_clause", "using_statement", "switch_body",
        "lambda_expression", "method_declaration", "constructor_declaration",
    }),
    refused_words=frozenset({"nameof", "dynamic"}),
)  # fmt: skip
_GO = NameRules(
    wrappers={"expression_list": None},
    variables={"short_var_declaration": "left", "var_spec": "name", "const_spec": "name", "range_clause": "left"},
    parameters={"parameter_declaration": "name", "variadic_parameter_declaration": "name"},
    bound={
        "type_switch_statement": "alias", "receive_statement": "left", "function_declaration": "name",
        "type_spec": "name",
    },
    exposed={"qualified_type": None, "generic_type": None},
    only_with={"range_clause": frozenset({":="})},
    valid_after=dict.fromkeys(("short_var_declaration", "var_spec", "const_spec", "range_clause")),
    scopes=frozenset({
        "block", "for_statement", "if_statement", "expression_switch_statement", "type_switch_statement",
        "expression_case", "default_case", "type_case", "communication_case", "function_declaration",
        "method_declaration", "func_literal",
    }),
    harmless=frozenset({"field_identifier", "label_name"}),
)  # fmt: skip
_C = NameRules(
    wrappers={
        "init_declarator": "declarator", "pointer_declarator": "declarator", "array_declarator": "declarator",
        "reference_declarator": None, "structured_binding_declarator": None, "parenthesized_declarator": None,
    },
    variables={"declaration": "declarator", "for_range_loop": "declarator"},
    parameters={"parameter_declaration": "declarator"},
    bound={
        "field_declaration": "declarator", "enumerator": "name", "optional_parameter_declaration": "declarator",
        "variadic_declarator": None, "function_declarator": "declarator", "lambda_capture_initializer": "left",
    },
    exposed={
        "qualified_identifier": None, "template_function": None, "using_declaration": None, "destructor_name": None,
        "template_argument_list": None, "preproc_defined": None, "macro_type_specifier": None,
    },
    valid_after={"for_range_loop": "right"},
    scopes=frozenset({
        "compound_statement", "for_statement", "for_range_loop", "function_definition", "lambda_expression",
        "catch_clause", "if_statement", "while_statement", "switch_statement",
    }),
    harmless=frozenset({"field_identifier", "statement_identifier"}),
    refused=frozenset({"preproc_def", "preproc_function_def", "preproc_call", "preproc_if", "preproc_ifdef"}),
    refused_words=frozenset({"extern", "asm", "__asm__", "typedef", "decltype"}),
)  # fmt: skip
# A var of JavaScript is declared in its whole function, wherever it stands, and is left as it is.
_JAVASCRIPT = NameRules(
    wrappers={
        "variable_declarator": "name", "array_pattern": None, "object_pattern": None, "rest_pattern": None,
        "pair_pattern": "value", "assignment_pattern": "left", "object_assignment_pattern": "left",
    },
    variables={"lexical_declaration": None, "for_in_statement": "left", "catch_clause": "parameter"},
    parameters={
        "formal_parameters": None, "arrow_function": "parameter", "required_parameter": "pattern",
        "optional_parameter": "pattern",
    },
    bound={
        "variable_declaration": None, "class_declaration": "name", "function_declaration": "name",
        "generator_function_declaration": "name", "function_expression": "name",
    },
    exposed={
        "export_specifier": None, "import_specifier": None, "jsx_opening_element": None, "jsx_closing_element": None,
        "jsx_self_closing_element": None, "type_query": None,
    },
    only_with={"for_in_statement": frozenset({"let", "const"})},
    scopes=frozenset({
        "statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body", "class_static_block",
        "function_declaration", "function_expression", "arrow_function", "method_definition",
        "generator_function_declaration", "generator_function",
    }),
    harmless=frozenset({"property_identifier", "private_property_identifier", "statement_identifier"}),
    in_order=False,
    refused_words=frozenset({"eval", "with"}),
)  # fmt: skip

RULES: Mapping[str, NameRules] = {
    "java": _JAVA, "c_sharp": _C_SHARP, "go": _GO, "c": _C, "cpp": _C, "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
}  # fmt: skip
"""Rules by language."""


def node_field(node: Any, name: str | None, child: Any) -> bool:
    """Return whether a child stands in a field of a node; always for None."""
    return name is None or child in node.children_by_field_name(name)
