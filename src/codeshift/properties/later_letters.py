r"""Letters and digits that Unicode added after version 14, that of Python 3.11; here they are not letters.

``\w``, ``str.isalpha`` and similar follow the Unicode of the running Python (15.0 in 3.12, 15.1 in 3.13, 16.0 in 3.14),
so a text with one of these characters would have different tokens, and a different split, on each.
"""

from __future__ import annotations

import re

# Alphanumeric in Unicode 18.0, as defined by str.isalnum, and not in 14.0.
_HELD = """
58B-58C 88F C5C CDC 1C89-1C8A 208F 209D-209F A7CB-A7CF A7D2 A7D4 A7DA-A7DD A7E2 A7F1 AB6C-AB6D 105C0-105F3 107BB-107BF
10940-10959 10D40-10D65 10D6F-10D85 10EC2-10EC7 10ED9-10EEE 1123F-11240 11380-11389 1138B 1138E 11390-113B5 113B7 113D1
113D3 116D0-116E3 11B0A 11BC0-11BE0 11BF0-11BF9 11DB0-11DDB 11DE0-11DE9 11DF1 11F02 11F04-11F10 11F12-11F33 11F50-11F59
1246F 12475-1247F 12550-12686 1342F 13441-13446 13460-143FA 16100-1611D 16130-16139 16D40-16D6C 16D70-16D79 16EA0-16EB8
16EBB-16ED3 16FF2-16FF6 187F8-187FF 18CD6-18CDA 18CFF 18D09-18D20 18D80-18DF2 18E00-19191 191A0-191D2 1B123-1B128 1B132
1B155 1B168 1CCF0-1CCF9 1D2C0-1D2D3 1D6A6 1DF1F-1DF81 1DF90-1DF96 1DFCD-1DFFF 1E030-1E06D 1E4D0-1E4EB 1E4F0-1E4F9
1E5D0-1E5ED 1E5F0-1E5FA 1E6C0-1E6DE 1E6E0-1E6E2 1E6E4-1E6E5 1E6E7-1E6ED 1E6F0-1E6F4 1E6FE-1E6FF 2B739-2B73F 2B81E
2CEA2-2CEAD 2EBF0-2EE5D 31350-33479 3D000-3FC3F
"""
_RANGES = _HELD.split()


def _character_class(ranges: list[str]) -> str:
    return "".join("-".join(chr(int(end, 16)) for end in bounds.split("-")) for bounds in ranges)


LATER = _character_class(_RANGES)
"""Characters, as the inside of a regular expression's brackets."""

# A class of a regular expression is a table, and fast, if it lies within the Basic Multilingual Plane.
_IN_THE_BASIC_PLANE = re.compile(
    f"[{_character_class([bounds for bounds in _RANGES if len(bounds.split('-')[0]) <= 4])}]"
)
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_ANY = re.compile(f"[{LATER}]")


def has_later_letters(text: str) -> bool:
    r"""Return whether a text contains any of the characters.

    >>> has_later_letters("été, 名前"), has_later_letters("a = '\U00031350'")
    (False, True)
    """
    if text.isascii():
        return False
    return bool(_IN_THE_BASIC_PLANE.search(text) or _ANY.search("".join(_BEYOND.findall(text))))
