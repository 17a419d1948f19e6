r"""Tokens of code in no particular language: what "tokens" means wherever no grammar and no model's tokenizer is named.

The rule is small enough to know by heart and holds for any text, whole or cut off:

1. *identifiers and keywords*: a run of letters, digits and underscores, Unicode 14's included, that starts with no
   digit;
2. *numbers*: a run of the same that starts with a digit, with its decimal points and signed exponents (``0x1F``,
   ``1_000``, ``2.5e-3f``; a point joins only where a digit follows, so ``1..10`` is ``1``, ``..``, ``10``);
3. *operators*: the longest of `OPERATORS` that fits (``>>>=``, ``->``, ``::``, ``&&``);
4. any other character that is no whitespace is a token of its own: brackets, ``;``, quotes, ``\``, symbols.

Strings and comments are lexed like code, in pieces: ``"a b"`` is ``"``, ``a``, ``b``, ``"``. What opens a string or a
comment differs between languages (``'`` is a lifetime in Rust, ``#`` a comment in Python and a directive in C), and one
unbalanced quote in a fragment must not swallow the rest of it. Whitespace separates tokens and is none itself, so
indentation, line ends and formatting change nothing.

Where a grammar would differ: it takes a string as one or a few leaves, knows ``>>`` that closes two generics from a
shift, and usually counts no comment's words.
"""

from __future__ import annotations

import re

from codeshift.properties.later_letters import LATER, has_later_letters

__all__ = ["OPERATORS", "lex", "token_spans"]

_FOUR = ">>>="
_THREE = "... ..= === !== <=> <<= >>= >>> <<< **= //= &&= ||= ??= &^= ->* ?->"
_TWO = "== != <= >= <> << >> += -= *= /= %= &= |= ^= .= @= := =~ !~ -> => <- :: && || ?? ?. ?: ++ -- ** // /* */ .. &^"
OPERATORS: tuple[str, ...] = tuple(f"{_FOUR} {_THREE} {_TWO}".split())
"""Operators of more than one character, longest first, from the eleven languages of `codeshift.properties.grammars`."""


def _token(letter: str, word: str, digit: str) -> re.Pattern[str]:
    # No group is possessive: Python 3.11.2 gets those wrong, and nothing follows a number that could make one back off.
    number = rf"0[xX]{word}*|{digit}{word}*(?:(?:\.|(?<=[eE])[+-]){digit}{word}*)*"
    return re.compile(rf"{letter}{word}*+|{number}|{'|'.join(map(re.escape, OPERATORS))}|\S")


_TOKEN = _token(r"[^\W\d]", r"\w", r"\d")
_TOKEN_OF_UNICODE_14 = _token(rf"[^\W\d{LATER}]", rf"[^\W{LATER}]", rf"[^\D{LATER}]")


def lex(text: str) -> list[str]:
    r"""The tokens of a piece of code, in order; the module's docstring states the rule.

    It takes time linear in the length of the text, never fails, and loses nothing but whitespace: the tokens joined are
    the text without what ``str.isspace`` calls whitespace.

    Args:
        text: code in any language, or any text at all.

    Returns:
        The tokens; none for a text that is empty or all whitespace.

    >>> lex("if (x>=1.5e-3) { y->z += 'a b'; }")
    ['if', '(', 'x', '>=', '1.5e-3', ')', '{', 'y', '->', 'z', '+=', "'", 'a', 'b', "'", ';', '}']
    >>> lex("été = 0xFF  # naïve")
    ['été', '=', '0xFF', '#', 'naïve']
    """
    return _rule(text).findall(text)


def token_spans(text: str) -> list[tuple[int, int]]:
    """Where each token of `lex` stands in the text: its start and end, in characters.

    >>> token_spans("x += 1")
    [(0, 1), (2, 4), (5, 6)]
    """
    return [match.span() for match in _rule(text).finditer(text)]


def _rule(text: str) -> re.Pattern[str]:
    """The rule with what this Python calls a letter, which is quick, where that is what every Python calls one."""
    return _TOKEN_OF_UNICODE_14 if has_later_letters(text) else _TOKEN
