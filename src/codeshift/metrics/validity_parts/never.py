"""Patterns of syntax trees that a grammar accepts without error and no compiler of its language does."""

from __future__ import annotations


def _gaps(brackets: str, *kinds: str, also_within: bool = True) -> tuple[str, ...]:
    """Match lists whose first place, or one between two commas, is empty: ``f(,)``, ``f(a,,b)``."""
    before = (brackets[0], ",") if also_within else (brackets[0],)
    return tuple(f'({kind} "{mark}" . "," @never)' for kind in kinds for mark in before)


_ECMA = (
    *_gaps("()", "arguments"),
    *_gaps("{}", "object", "object_pattern", "named_imports", "export_clause"),
)
_C = _gaps("{}", "initializer_list")
_BARE_FUNCTION = "(function_definition declarator: (identifier) @never)"  # class A { } is not C

NEVER: dict[str, tuple[str, ...]] = {
    "javascript": _ECMA,
    "typescript": (*_ECMA, *_gaps("[]", "tuple_type")),
    "rust": (
        *_gaps("()", "arguments", "parameters", "ordered_field_declaration_list", "tuple_pattern"),
        *_gaps("[]", "slice_pattern", "array_expression"),
        *_gaps("{}", "field_declaration_list", "enum_variant_list", "use_list", "field_initializer_list"),
        *_gaps("{}", "struct_pattern"),
    ),
    "go": (*_gaps("()", "parameter_list"), *_gaps("{}", "literal_value")),
    "c_sharp": (
        *_gaps("{}", "initializer_expression", "enum_member_declaration_list", "switch_expression"),
        "(foreach_statement !type left: (identifier) @never)",
    ),
    "c": (*_C, _BARE_FUNCTION),
    "cpp": (*_C, _BARE_FUNCTION),
    "php": (
        *_gaps("()", "formal_parameters", "array_creation_expression"),
        *_gaps("[]", "array_creation_expression"),
        *_gaps("{}", "match_block"),
    ),
    "ruby": (*_gaps("||", "block_parameters"), '(case . "case" . value: (_)? . "end" @never)'),
}
"""Queries with a capture ``never``, by language. A gap is legal in JavaScript's arrays and in Java's initializers."""
