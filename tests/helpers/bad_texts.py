"""Texts on which tree-sitter would take time or memory far beyond their length, and the languages that they hit."""

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
"""Each by name: what is repeated, and in which languages."""

PAIRS = [(language, unit) for unit, languages in BAD_TEXTS.values() for language in languages]


def bad_text(unit: str, bytes_: int = 40_000) -> str:
    """A unit repeated up to a length."""
    return unit * (bytes_ // len(unit))
