"""Functions of a folder of source files, with path, name, docstring and imports, extracted by grammar."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datasets import Dataset, Features, Value

from codeshift.checks import check_choice
from codeshift.data.functions import python_functions
from codeshift.errors import CodeshiftWarning, DataError, warn
from codeshift.formatting import counted
from codeshift.properties.parsing import CodeParser

if TYPE_CHECKING:
    from tree_sitter import Node

_COLUMNS = ("path", "name", "docstring", "imports", "code")
_MARKS = re.compile(r"^\s*(?:/\*+!?|\*+/|\*(?!/)|//[/!]?|#+)?\s?|\s*\*+/\s*$")


class SourceKind(NamedTuple):
    """Syntax of the functions and imports of a language.

    Attributes:
        endings: Endings of its files.
        functions: Grammar's types of nodes that are functions.
        imports: Types of nodes that are imports.
    """

    endings: tuple[str, ...]
    functions: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


_SCRIPT = ("function_declaration", "generator_function_declaration", "method_definition"), ("import_statement",)
SOURCES: Mapping[str, SourceKind] = {
    "python": SourceKind((".py",)),
    "java": SourceKind((".java",), ("method_declaration", "constructor_declaration"), ("import_declaration",)),
    "javascript": SourceKind((".js", ".mjs", ".cjs", ".jsx"), *_SCRIPT),
    "typescript": SourceKind((".ts", ".mts", ".cts"), *_SCRIPT),
    "go": SourceKind((".go",), ("function_declaration", "method_declaration"), ("import_declaration",)),
    "c": SourceKind((".c", ".h"), ("function_definition",), ("preproc_include",)),
    "cpp": SourceKind((".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"), ("function_definition",), ("preproc_include",)),
    "c_sharp": SourceKind((".cs",), ("method_declaration", "constructor_declaration"), ("using_directive",)),
    "php": SourceKind((".php",), ("function_definition", "method_declaration"), ("namespace_use_declaration",)),
    "ruby": SourceKind((".rb",), ("method", "singleton_method")),
    "rust": SourceKind((".rs",), ("function_item",), ("use_declaration",)),
}
"""How the functions of each language are found; those of Python by the ``ast`` of the running Python."""


def source_functions(folder: str | os.PathLike[str], language: str) -> Dataset:
    """Read the functions and methods of all source files in a folder and its subfolders, files in the order of paths.

    Functions within functions are part of theirs. Hidden folders are left out.

    Args:
        folder: Folder.
        language: Language of the files to read, such as ``"java"``.

    Returns:
        Rows with ``path`` (relative to the folder), ``name`` (within classes of Python its qualified name),
        ``docstring`` (of other languages the comment right before the function; ``""`` if there is none), ``imports``
        (the file's statements, one a line) and ``code`` (of Python without the docstring).

    Raises:
        ParameterError: if the language is unknown.
        DataError: if the folder does not exist, or no file in it holds a function.

    Warns:
        CodeshiftWarning: if files cannot be read or parsed; they are left out.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "import os; class A { /** Adds one. */ int f(int x) { return x + 1; } }"
    ...     _ = Path(folder, "A.java").write_text(text)
    ...     row = source_functions(folder, "java")[0]
    >>> row["path"], row["name"], row["docstring"], row["imports"], row["code"]
    ('A.java', 'f', 'Adds one.', 'import os;', 'int f(int x) { return x + 1; }')
    """
    check_choice("language", language, SOURCES)
    root = Path(folder)
    if not os.path.isdir(root):
        raise DataError("folder", "a folder", str(folder), "name one that exists")
    read = _python if language == "python" else _by_grammar(language)
    columns: dict[str, list[str]] = {name: [] for name in _COLUMNS}
    unread: list[str] = []
    for path in _source_paths(root, SOURCES[language].endings):
        try:
            rows = list(read(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, SyntaxError) as error:
            unread.append(f"{path} ({error})")
            continue
        for row in rows:
            for name, value in zip(_COLUMNS, (path.relative_to(root).as_posix(), *row), strict=True):
                columns[name].append(value)
    if unread:
        shown = "; ".join(unread[:3]) + (" ..." if len(unread) > 3 else "")
        warn(
            CodeshiftWarning(f"{counted(len(unread), 'file is', 'files are')} left out, which cannot be read: {shown}")
        )
    if not columns["code"]:
        raise DataError("folder", f"a folder with functions of {language}", str(folder), "name another")
    return Dataset.from_dict(columns, features=Features({name: Value("string") for name in _COLUMNS}))


_Rows = Iterator[tuple[str, str, str, str]]


def _source_paths(root: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if name.lower().endswith(endings))


def _python(text: str) -> _Rows:
    functions = list(python_functions(text))
    statements = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = "\n".join(map(ast.unparse, statements))
    return ((function.name, function.docstring, imports, function.code) for function in functions if function.code)


def _by_grammar(language: str) -> Callable[[str], _Rows]:
    parser, kind = CodeParser(language), SOURCES[language]

    def read(text: str) -> _Rows:
        parsed = parser.parse(text)
        if parsed.stopped:
            raise ValueError("the parser gives up on it")
        nodes = list(_outermost(parsed.roots, {*kind.functions, *kind.imports}))
        imports = "\n".join(_node_text(node, parsed.source).strip() for node in nodes if node.type in kind.imports)
        for node in nodes:
            if node.type in kind.functions and not node.has_error:
                yield (
                    _function_name(node, parsed.source),
                    _comment(node, parsed.source),
                    imports,
                    _code_without_comment(node, parsed.source),
                )

    return read


def _outermost(roots: tuple[Node, ...], types: set[str]) -> Iterator[Node]:
    """Yield the nodes of these types that are in no other one, in the order of the text."""
    waiting = list(reversed(roots))
    while waiting:
        node = waiting.pop()
        if node.type in types:
            yield node
        else:
            waiting += reversed(node.children)


def _function_name(node: Node, source: bytes) -> str:
    """Return the name of a function; that of C stands within its declarator."""
    named = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    while named is not None and (inner := named.child_by_field_name("declarator")) is not None:
        named = inner
    return "" if named is None else _node_text(named, source)


def _comment(node: Node, source: bytes) -> str:
    """Return the comments that stand right before a function, without their marks."""
    comments: list[str] = []
    line, before = node.start_point[0], node.prev_sibling
    while before is not None and "comment" in before.type and before.end_point[0] >= line - 1:
        comments[:0] = [_node_text(before, source)]
        line, before = before.start_point[0], before.prev_sibling
    lines = [_MARKS.sub("", text).rstrip() for text in "\n".join(comments).splitlines()]
    return "\n".join(lines).strip()


def _code_without_comment(node: Node, source: bytes) -> str:
    """Return a function's text, its later lines without the indentation of the first."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    before = source[start : node.start_byte].decode(errors="replace")
    indent = before[: len(before) - len(before.lstrip())]
    first, *others = _node_text(node, source).split("\n")
    return "\n".join([first, *(line.removeprefix(indent) for line in others)])


def _node_text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode(errors="replace")
