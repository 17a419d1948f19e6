"""Java fragments: the methods of the JDK's sources whose own header is permissive.

Most of the JDK is under the GNU General Public License; parts of it come from the Apache Software Foundation and others
and say so in each file. A file is read only where its own header names a permissive licence and the GPL is not named
in it.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codeshift.errors import DataError
from codeshift.properties.grammars import parser
from tools.pretrain.fragments import Fragment, Source

if TYPE_CHECKING:
    from tree_sitter import Node

JDK_ZIP = "/usr/lib/jvm/openjdk-17/lib/src.zip"
"""Where Debian's package openjdk-17-source puts the sources."""

_MARKS = {
    "Apache-2.0": ("Apache License, Version 2.0", "Apache License"),
    "BSD": ("Redistribution and use in source and binary forms", "BSD license", "BSD License"),
    "Unicode": ("copy of the Unicode data files",),
    "MIT": ("Permission is hereby granted, free of charge",),
    "public domain": ("public domain", "publicdomain"),
}
_METHODS = frozenset({"method_declaration", "constructor_declaration"})
_SHORTEST = 40  # characters: shorter methods are getters, alike by the thousand


@dataclass(frozen=True, kw_only=True)
class JavaSources:
    """Permissively licensed methods, and what was left out.

    Attributes:
        sources: one a licence.
        files: how many files were read under each licence.
        left_out: files whose header names the GPL, or no licence.
    """

    sources: tuple[Source, ...]
    files: dict[str, int]
    left_out: int


def jdk_methods(path: str | Path = JDK_ZIP, *, version: str = "17") -> JavaSources:
    """The methods of a zip of JDK sources, by the licence that each file's own header names.

    Raises:
        DataError: there is no such zip.
    """
    path = Path(path)
    if not path.is_file():
        remedy = "on Debian: apt-get install openjdk-17-source; or give the path of a JDK's src.zip"
        raise DataError("jdk", "the zip of a JDK's sources", str(path), remedy)
    fragments: dict[str, list[Fragment]] = {}
    files: Counter[str] = Counter()
    left_out = 0
    with zipfile.ZipFile(path) as archive:
        for name in sorted(name for name in archive.namelist() if name.endswith(".java")):
            text = archive.read(name).decode("utf-8", "replace")
            licence = header_licence(text)
            if licence is None:
                left_out += 1
                continue
            files[licence] += 1
            fragments.setdefault(licence, []).extend(java_methods(text, source=f"OpenJDK ({licence} files)"))
    sources = tuple(
        Source(name=f"OpenJDK ({licence} files)", version=version, licence=licence, fragments=tuple(fragments[licence]))
        for licence in sorted(fragments)
    )
    return JavaSources(sources=sources, files=dict(sorted(files.items())), left_out=left_out)


def header_licence(text: str) -> str | None:
    r"""The permissive licence that a file's header names; None where it names none, or the GPL as well.

    >>> header_licence("/* Licensed under the Apache License, Version 2.0 */\npackage a;")
    'Apache-2.0'
    >>> header_licence("/* GNU General Public License; with a BSD notice */\npackage a;") is None
    True
    """
    header = re.split(r"^(?:package|import)\s", text, maxsplit=1, flags=re.MULTILINE)[0]
    plain = re.sub(r"\s*\n[\s*/]*", " ", header)
    if "GNU" in plain or "GPL" in plain or "SUN PROPRIETARY" in plain.upper():
        return None
    return next((licence for licence, marks in _MARKS.items() if any(mark in plain for mark in marks)), None)


def java_methods(text: str, *, source: str = "") -> Iterator[Fragment]:
    """The methods and constructors of a file that have a body, in the order of the file.

    >>> [method] = java_methods("class A { /** Adds. */ int add(int first, int second) { return first + second; } }")
    >>> method.signature, method.docstring
    ('int add(int first, int second)', 'Adds.')
    """
    data = text.encode()
    tree = parser("java").parse(data)
    stack = [] if tree is None else [tree.root_node]
    while stack:
        node = stack.pop()
        if node.type in _METHODS:
            fragment = _fragment(node, data, source)
            if fragment is not None:
                yield fragment
        elif node.named_child_count:
            stack.extend(reversed(node.named_children))


def _fragment(node: Node, data: bytes, source: str) -> Fragment | None:
    body = node.child_by_field_name("body")
    if body is None or node.has_error or node.end_byte - node.start_byte < _SHORTEST:
        return None
    modifiers = node.children[0] if node.children[0].type == "modifiers" else None
    annotations = [c for c in modifiers.children if c.type.endswith("annotation")] if modifiers else []
    start = annotations[-1].end_byte if annotations else node.start_byte
    before = node.prev_named_sibling
    said = before is not None and before.type == "block_comment" and data[before.start_byte :].startswith(b"/**")
    return Fragment(
        source=source,
        language="java",
        signature=" ".join(data[start : body.start_byte].decode().split()),
        docstring=javadoc_prose(data[before.start_byte : before.end_byte].decode()) if said and before else "",
        code=_dedented(data, start, node.end_byte),
    )


def _dedented(data: bytes, start: int, end: int) -> str:
    text = data[start:end].decode().strip().expandtabs(4)
    first, *lines = text.split("\n")
    indent = len(lines[-1]) - len(lines[-1].lstrip()) if lines else 0
    return "\n".join([first, *(line[indent:] if not line[:indent].strip() else line.lstrip() for line in lines)])


def javadoc_prose(comment: str) -> str:
    r"""What a Javadoc comment says before its tags, without its markup.

    >>> javadoc_prose("/** Gives {@code x}. <p>Never null.\n * @return x */")
    'Gives x. Never null.'
    """
    lines = [re.sub(r"^\s*\*+\s?", "", line) for line in comment[3:-2].split("\n")]
    prose = re.split(r"(?:^|\n)\s*@\w+", "\n".join(lines), maxsplit=1)[0]
    prose = re.sub(r"\{@\w+\s+([^{}]*)\}", r"\1", prose)
    prose = re.sub(r"</?[A-Za-z][^<>]*>", "", prose)
    return " ".join(prose.split())


def on_one_line(code: str) -> str:
    r"""Java without line comments and line breaks, as many datasets of bare methods hold it.

    Code whose strings or comments cannot be told apart by line is returned as it is.

    >>> on_one_line("int f() {\n    return 1;  // why\n}")
    'int f() {return 1;}'
    """
    if "/*" in code or re.search(r'"[^"\n]*//', code):
        return code
    lines = [re.sub(r"//.*", "", line).strip() for line in code.split("\n")]
    return "".join(lines)
