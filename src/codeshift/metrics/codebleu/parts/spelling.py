r"""Respelling of code that does not parse, so that the length of names cannot change how the parser recovers.

tree-sitter recovers from errors in the way that skips the fewest characters: a longer name for the same variable may
give another tree. Here all names get one length, and each plain number and string becomes one of a fixed length, so
that programs which differ in nothing else become the same text.
"""

from __future__ import annotations

import re
from functools import cache

from codeshift.metrics.codebleu.dataflow.rules import words
from codeshift.metrics.codebleu.parts.keywords import KEYWORDS
from codeshift.properties.grammars import ts_language

_C = """bool char int float double void size_t ssize_t ptrdiff_t intptr_t uintptr_t charptr_t nullptr_t max_align_t
int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t char8_t char16_t char32_t char64_t"""
# Words that a grammar treats specially and that its table of kinds does not hold.
_BUILT_IN = {
    "c": _C,
    "cpp": _C + " wchar_t auto",
    "c_sharp": """bool byte char decimal double dynamic float int long nint nuint object sbyte short string uint ulong
    ushort void var""",
    "go": "make new true false nil iota",
    "php": """php array bool callable false float int iterable mixed never null object static string true void self
    parent""",
    "javascript": "undefined",
    "typescript": "undefined",
    "python": "self cls",
    "rust": "u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 isize usize f32 f64 bool str char",
}
_PREFIXES = words("b br c cr f fr l lr r rb rf rt t tr u u8 u8r ub ur lu")  # of strings
_SINGLE_QUOTED = words("javascript php python ruby typescript")  # elsewhere ' holds one character

_PIECE = r"""
    (?P<kept> \\(?:\w+|[^\w\n])?                            # an escape
      | (?<=!)[rsa](?=[:}])                                  # a conversion in one of Python's f-strings
      | %[wWiIqQxrs](?=[\[({<|]) | (?<![\w)\]])\?\w(?!\w)    # Ruby's %w[...] and ?a
      | (?<=/)[dgimsuvy]{1,8}(?=[\s.,;)\]])                  # the flags of a regular expression
    )
  | (?P<long> \"""[^"\\{}$\#]+\""" )
  | (?P<string> (?<!/)"(?:[^"\\\n]|\\.)*" | QUOTED )
  | (?P<number> (?<!\w)\d\w* )
  | (?P<name> [^\W\d]\w* )
"""
_DIRECTIVE = r"| (?P<directive> \#[ \t]*[a-z]+ )"
_QUOTED = r"'(?:[^'\\\n]|\\.)*'"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'"
_PLAIN = re.compile(r"[^\\{}$#]+")
_DECIMAL = re.compile(r"[\d_]+([eE]\d+)?((?![eE])[a-zA-Z]*)")


def spelt_alike(code: str, language: str) -> str:
    r"""Replace names, numbers and strings by ones of a fixed length each; all other text stays.

    >>> spelt_alike("int total = rate * 120 + f(rate, \"x y\"", "java")
    'int v00000 = v00001 * 100002 + v00003(v00001, "s00004"'
    """
    words, piece = _reserved_words(language), _piece(language)
    replacements: dict[str, str] = {}

    def respelt(match: re.Match[str]) -> str:
        kind, text = match.lastgroup, match[0]
        if kind == "name":
            return (
                text
                if _stays(match, words, language)
                else replacements.setdefault(text, _short_name(text, len(replacements)))
            )
        if text[0] == "'" and language not in _SINGLE_QUOTED:
            return text  # one character
        if kind == "number":
            after_point = match.string[match.start() - 1 : match.start()] == "."
            return replacements.setdefault(text, _short_number(text, len(replacements), after_point=after_point))
        if kind == "long" or (kind == "string" and _PLAIN.fullmatch(text, 1, len(text) - 1)):
            quote = text[:3] if kind == "long" else text[0]
            return replacements.setdefault(text, f"{quote}s{len(replacements):05d}{quote}")
        if kind == "string" and len(text) > 2:
            return text[0] + piece.sub(respelt, text[1:-1]) + text[-1]
        return text

    return piece.sub(respelt, code)


@cache
def _reserved_words(language: str) -> frozenset[str]:
    """Return the words that are not names: the grammar's tokens, reserved words and built-in types."""
    table = ts_language(language)
    tokens = [table.node_kind_for_id(i) for i in range(table.node_kind_count) if not table.node_kind_is_named(i)]
    return KEYWORDS[language].union(filter(None, tokens), _BUILT_IN.get(language, "").split(), ["_"])


@cache
def _piece(language: str) -> re.Pattern[str]:
    quotes = _QUOTED if language in _SINGLE_QUOTED else _CHARACTER
    return re.compile(
        _PIECE.replace("QUOTED", quotes) + (_DIRECTIVE if language in ("c", "cpp", "c_sharp") else ""), re.VERBOSE
    )


def _stays(match: re.Match[str], words: frozenset[str], language: str) -> bool:
    """Return whether a word is not a name: a word of the language, or the prefix of a string."""
    word = match[0].lower() if language == "php" else match[0]
    quoted = match.string[match.end() : match.end() + 1] in ('"', "'")
    return word in words or (quoted and word.lower() in _PREFIXES)


def _short_name(word: str, number: int) -> str:
    """Return a name that begins as ``word`` does: Ruby tells a constant from a variable by its capital."""
    return f"{'V' if word[0].isupper() else 'v'}{number:05d}"


def _short_number(text: str, number: int, *, after_point: bool) -> str:
    """Return a number of fixed length of the kind of ``text``, with its suffix; octal and hexadecimal ones stay."""
    decimal = _DECIMAL.fullmatch(text)
    if decimal is None or (text[0] == "0" and text != "0" and not after_point):
        return text
    return f"1{number:05d}" + ("e1" if decimal[1] else "") + decimal[2]
