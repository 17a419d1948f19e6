"""Texts on which tree-sitter would take time or memory far beyond their length, and the affected languages."""

BAD_TEXTS = {
    "comments that never end": ("/* ", ("c", "c_sharp", "cpp", "go")),
    "a comparison or a type": ("a < ", ("java", "c_sharp", "cpp")),
    "arrows": ("x => ", ("java", "c")),
    "casts": ("(a) => ", ("c",)),
    "brackets behind signs": ("%w( ", ("java", "rust", "c", "cpp", "c_sharp", "ruby", "python")),
    "pointers": ("a (* ", ("java",)),
    "cases": ("case 1: ", ("java", "typescript")),
    "scopes": ("a::< ", ("cpp",)),
    "lambdas": ("lambda a: ", ("javascript",)),
    "branches": ("a else if (a) ", ("javascript",)),
}
"""By name: the repeated unit, and the affected languages."""

PAIRS = [(language, unit) for unit, languages in BAD_TEXTS.values() for language in languages]


def bad_text(unit: str, bytes_: int = 40_000) -> str:
    """Repeat a unit up to a length."""
    return unit * (bytes_ // len(unit))
