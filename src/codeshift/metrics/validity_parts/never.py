"""Patterns of syntax trees that a grammar accepts without error and no compiler of its language does."""

from __future__ import annotations


def _empty_places(brackets: str, *kinds: str, also_within: bool = True) -> tuple[str, ...]:
    """Match lists whose first place, or one between two commas, is empty: ``f(,)``, ``f(a,,b)``."""
    before = (brackets[0], ",") if also_within else (brackets[0],)
    return tuple(f'({kind} "{mark}" . "," @never)' for kind in kinds for mark in before)


_ECMA = (
    *_empty_places("()", "arguments"),
    *_empty_places("{}", "object", "object_pattern", "named_imports", "export_clause"),
)
_C = _empty_places("{}", "initializer_list")
_BARE_FUNCTION = "(function_definition declarator: (identifier) @never)"  # class A { } is not C

NEVER: dict[str, tuple[str, ...]] = {
    "javascript": _ECMA,
    "typescript": (*_ECMA, *_empty_places("[]", "tuple_type")),
    "rust": (
        *_empty_places("()", "arguments", "parameters", "ordered_field_declaration_list", "tuple_pattern"),
        *_empty_places("[]", "slice_pattern", "array_expression"),
        *_empty_places("{}", "field_declaration_list", "enum_variant_list", "use_list", "field_initializer_list"),
        *_empty_places("{}", "struct_pattern"),
    ),
    "go": (*_empty_places("()", "parameter_list"), *_empty_places("{}", "literal_value")),
    "c_sharp": (
        *_empty_places("{}", "initializer_expression", "enum_member_declaration_list", "switch_expression"),
        "(foreach_statement !type left: (identifier) @never)",
    ),
    "c": (*_C, _BARE_FUNCTION),
    "cpp": (*_C, _BARE_FUNCTION),
    "php": (
        *_empty_places("()", "formal_parameters", "array_creation_expression"),
        *_empty_places("[]", "array_creation_expression"),
        *_empty_places("{}", "match_block"),
    ),
    "ruby": (*_empty_places("||", "block_parameters"), '(case . "case" . value: (_)? . "end" @never)'),
}
"""Queries with a capture ``never``, by language. A gap is legal in JavaScript's arrays and in Java's initializers."""
