"""Text within a line: words, code and links, and the functions that make text from the data safe to show."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from codeshift.errors import ParameterError

_ADDRESSES = ("https://", "http://", "./", "#")


@dataclass(frozen=True)
class CodeSpan:
    """Code within a line, shown with all its spaces; characters that cannot be shown are escaped as Python does."""

    code: str


@dataclass(frozen=True)
class Link:
    """Text that links to an address: a web page, a file beside the document, or a place within it.

    Raises:
        ParameterError: if the address is of another kind, such as a script.
    """

    text: str
    address: str

    def __post_init__(self) -> None:
        if not self.address.startswith(_ADDRESSES):
            remedy = "other addresses could run a script"
            raise ParameterError("address", f"one that begins with one of {_ADDRESSES}", self.address, remedy)


@dataclass(frozen=True)
class Mark:
    """Text that is set off from what stands around it, in the way that a page's style has for its kind."""

    text: str
    kind: str


Span = str | CodeSpan | Link | Mark
Text = str | tuple[Span, ...]


def spans(text: Text) -> tuple[Span, ...]:
    """Return the pieces of a text.

    >>> spans("a"), spans(("a", CodeSpan("b")))
    (('a',), ('a', CodeSpan(code='b')))
    """
    return (text,) if isinstance(text, str) else text


def plain_text(text: Text) -> str:
    """Return the words alone.

    >>> plain_text(("The part ", CodeSpan("test_ood"), "."))
    'The part test_ood.'
    """
    return "".join(_words(span) for span in spans(text))


def _words(span: Span) -> str:
    match span:
        case CodeSpan(code):
            return code
        case Link(words, _) | Mark(words, _):
            return words
        case str():
            return span


def exact(text: str) -> str:
    r"""Escape characters that cannot be shown, including line breaks, as Python does.

    >>> print(exact("a\n\x1b[2Jb \ud800"))
    a\n\x1b[2Jb \ud800
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def prose(text: str) -> str:
    r"""Put text on one line: whitespace becomes one space, as in a web page, and the rest is shown exactly.

    >>> prose("two\n lines"), prose(" a")
    ('two lines', ' a')
    """
    folded = " ".join(text.split())
    before, after = (" " if end.isspace() else "" for end in (text[:1], text[-1:]))
    return exact(f"{before}{folded}{after}" if folded else before)


def lines_of(code: str) -> list[str]:
    r"""Split code into lines that a terminal may show: tabs are kept, control characters of a terminal are escaped.

    >>> lines_of("a\tb\r\n\x1b[2J\u202e")
    ['a\tb', '\\x1b[2J\\u202e']
    """
    return [
        "".join(character if _harmless(character) else exact(character) for character in line)
        for line in code.splitlines()
    ] or [""]


def _harmless(character: str) -> bool:
    return character.isprintable() or character == "\t" or unicodedata.category(character) == "Zs"


def quoted(address: str) -> str:
    """Quote an address so that no format can mistake a part of it for its end.

    >>> quoted("./a b(c).json"), quoted("https://arxiv.org/abs/2210.04802#a")
    ('./a%20b%28c%29.json', 'https://arxiv.org/abs/2210.04802#a')
    """
    return quote(address, safe="%:/?#[]@!$&*+,;=~", errors="backslashreplace")
