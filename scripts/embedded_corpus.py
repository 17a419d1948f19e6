"""Make the embedded corpus: documented functions of CPython 3.11.7's standard library, their licence and notices.

    python3.11 scripts/embedded_corpus.py

Run it with the CPython that ``codeshift.data.corpus`` names, as released on python.org (a distribution may have patched
its library). It writes what stands in ``src/codeshift/data/embedded_corpus`` and says whether the rows have the digest
that codeshift expects. Other versions of pyarrow may lay the same rows out in other bytes.
"""

from __future__ import annotations

import argparse
import ast
import platform
import re
import sys
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from codeshift.data import corpus, stdlib_functions

NOTICES = "NOTICES.txt"
HEAD = """\
Notices of copyright and permission in the files of CPython {version} whose functions the corpus holds, as they stand
there. Python's own licence is in LICENSE.txt.
"""
_NOTICE = re.compile(r"copyright|licen[sc]ed|SPDX-", re.IGNORECASE)


def main() -> int:
    """Make the corpus and return 0 if the rows are those that codeshift expects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=corpus.CORPUS_FOLDER, help="the folder to write (%(default)s)")
    out = parser.parse_args().out
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if python != f"CPython {corpus.PYTHON}":
        sys.exit(f"{corpus.CORPUS_FILE} is made with CPython {corpus.PYTHON}, this is {python}")
    library = Path(sysconfig.get_path("stdlib"))
    rows = stdlib_functions(running_python=True)
    table = table_of(rows)
    out.mkdir(parents=True, exist_ok=True)
    # One page of each column: zstd finds more that is alike. Only these columns hold the same values again and again.
    pages = {"use_dictionary": ["project", "path"], "data_page_size": 1 << 24}
    pq.write_table(table, out / corpus.CORPUS_FILE, compression="zstd", compression_level=22, **pages)
    (out / "LICENSE.txt").write_bytes((library / "LICENSE.txt").read_bytes())
    notices_of_files = [
        f"--- {path}\n\n{text}" for path in sorted(set(rows["path"])) for text in notices(library / path)
    ]
    (out / NOTICES).write_text(
        "\n\n".join([HEAD.format(version=platform.python_version()), *notices_of_files]) + "\n", "utf-8"
    )
    digest = corpus.table_digest(table)
    megabytes = (out / corpus.CORPUS_FILE).stat().st_size / 1e6
    print(f"{len(rows):,} functions, {megabytes:.2f} MB, digest {digest}")
    print("as expected" if digest == corpus.CORPUS_DIGEST else f"codeshift.data.corpus expects {corpus.CORPUS_DIGEST}")
    return int(digest != corpus.CORPUS_DIGEST)


def table_of(rows: Dataset) -> pa.Table:
    """Return rows and their description as the table that the file holds."""
    columns = {name: pa.array(rows[name][:], pa.string()) for name in rows.column_names}
    return pa.table(columns).replace_schema_metadata({corpus.DESCRIPTION: rows.info.description.encode()})


def notices(path: Path) -> Iterator[str]:
    """Return the comments, ``__copyright__`` and docstring paragraphs of a file that mention copyright."""
    with tokenize.open(path) as file:
        source = file.read()
    blocks = re.findall(r"(?:^#.*\n)+", source, flags=re.MULTILINE)
    tree = ast.parse(source)
    named = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    strings = [str(node.value.value) for node in named if ast.unparse(node.targets[0]) == "__copyright__"]
    paragraphs = re.split(r"\n\s*\n", ast.get_docstring(tree) or "")
    yield from (text.strip() for text in [*blocks, *strings, *paragraphs] if _NOTICE.search(text))


if __name__ == "__main__":
    sys.exit(main())
