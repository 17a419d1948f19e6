r"""Language-independent tokens of code: what "tokens" means if no grammar and no model's tokenizer is named.

The rule is short and works for any text, whole or cut off:

1. *identifiers and keywords*: a run of letters, digits and underscores (Unicode 14's included) that does not start with
a digit;
2. *numbers*: a run of the same that starts with a digit, with its decimal points and signed exponents (``0x1F``,
   ``1_000``, ``2.5e-3f``; a point joins only where a digit follows, so ``1..10`` is ``1``, ``..``, ``10``);
3. *operators*: the longest of `OPERATORS` that fits (``>>>=``, ``->``, ``::``, ``&&``);
4. any other character that is not whitespace is a token of its own: brackets, ``;``, quotes, ``\``, symbols.

Strings and comments are lexed like code, in pieces: ``"a b"`` is ``"``, ``a``, ``b``, ``"``. The start of a string or a
comment differs between languages (``'`` is a lifetime in Rust, ``#`` a comment in Python and a directive in C), and one
unbalanced quote in a fragment must not swallow the rest of it. Whitespace separates tokens and is not a token, so
indentation, line ends and formatting change nothing.

A grammar would differ in that it reads a string as one or a few leaves, distinguishes ``>>`` that closes two generics
from a shift, and usually counts no words of comments.
"""

from __future__ import annotations

import re

from codeshift.properties.later_letters import LATER, has_later_letters

__all__ = ["OPERATORS", "lex", "token_spans"]

_FOUR = ">>>="
_THREE = "... ..= === !== <=> <<= >>= >>> <<< **= //= &&= ||= ??= &^= ->* ?->"
_TWO = "== != <= >= <> << >> += -= *= /= %= &= |= ^= .= @= := =~ !~ -> => <- :: && || ?? ?. ?: ++ -- ** // /* */ .. &^"
OPERATORS: tuple[str, ...] = tuple(f"{_FOUR} {_THREE} {_TWO}".split())
"""Operators of more than one character, longest first, of the eleven languages of `codeshift.properties.grammars`."""


def _token(letter: str, word: str, digit: str) -> re.Pattern[str]:
    # No group is possessive: Python 3.11.2 gets those wrong, and nothing after a number could make one backtrack.
    number = rf"0[xX]{word}*|{digit}{word}*(?:(?:\.|(?<=[eE])[+-]){digit}{word}*)*"
    return re.compile(rf"{letter}{word}*+|{number}|{'|'.join(map(re.escape, OPERATORS))}|\S")


_TOKEN = _token(r"[^\W\d]", r"\w", r"\d")
_TOKEN_OF_UNICODE_14 = _token(rf"[^\W\d{LATER}]", rf"[^\W{LATER}]", rf"[^\D{LATER}]")


def lex(text: str) -> list[str]:
    r"""Split a piece of code into tokens, in order; the module's docstring states the rule.

    It takes time linear in the length of the text, never fails, and loses nothing but whitespace: the tokens joined are
    the text without the characters that ``str.isspace`` calls whitespace.

    Args:
        text: Code in any language, or any text.

    Returns:
        The tokens; none for a text that is empty or all whitespace.

    >>> lex("if (x>=1.5e-3) { y->z += 'a b'; }")
    ['if', '(', 'x', '>=', '1.5e-3', ')', '{', 'y', '->', 'z', '+=', "'", 'a', 'b', "'", ';', '}']
    >>> lex("été = 0xFF  # naïve")
    ['été', '=', '0xFF', '#', 'naïve']
    """
    return _rule(text).findall(text)


def token_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end of each token of `lex` in the text, in characters.

    >>> token_spans("x += 1")
    [(0, 1), (2, 4), (5, 6)]
    """
    return [match.span() for match in _rule(text).finditer(text)]


def _rule(text: str) -> re.Pattern[str]:
    """Return the rule: the quick one with this Python's letters if the text has none that other versions lack."""
    return _TOKEN_OF_UNICODE_14 if has_later_letters(text) else _TOKEN
