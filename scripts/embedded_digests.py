"""Make the digests of the corpus that the embedded model was pretrained on, as ``codeshift.audit`` looks them up.

    apt-get download openjdk-17-source=17.0.21.1+2-1~deb12u1 && dpkg -x openjdk-17-source_*.deb jdk
    python scripts/embedded_digests.py --jdk jdk/usr/lib/jvm/openjdk-17/lib/src.zip

Run it with CPython 3.11.7 and the packages of the versions that the model's card names. It reads the corpus as
``python -m tools.pretrain`` does, compares the counts of each source with those that the model was trained with, and
says whether the digests are those that codeshift expects.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from codeshift.audit import embedded_digests
from codeshift.data import embedded_model_path
from codeshift.files import file_digest
from codeshift.properties.near_duplicates.digests import CodeDigests
from tools.pretrain.corpus import make_corpus
from tools.pretrain.java_sources import JDK_ZIP, jdk_methods
from tools.pretrain.python_sources import PACKAGES, installed_package, standard_library


def main() -> int:
    """Make the file and return 0 if it is the one that codeshift expects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jdk", default=JDK_ZIP, help="zip of the JDK's sources (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=embedded_digests.DIGESTS_FILE, help="the file to write (%(default)s)"
    )
    arguments = parser.parse_args()
    recipe = json.loads((Path(embedded_model_path()) / "pretraining.json").read_text(encoding="utf-8"))
    library, held_out = standard_library()
    packages = [installed_package(name) for name in PACKAGES]
    java = jdk_methods(arguments.jdk, version=recipe["jdk_version"])
    corpus = make_corpus([*packages, library, *java.sources], held_out)
    for before, now in zip(recipe["sources"], corpus.counts, strict=True):
        if before != now:
            sys.exit(f"the model was trained with {before}, this is {now}")
    write(CodeDigests.of(fragment.code for fragment in corpus.fragments), arguments.out)
    written = file_digest(arguments.out)
    size = arguments.out.stat().st_size
    print(f"{arguments.out}: {len(corpus.fragments):,} functions, {size:,} bytes, sha256 {written}")
    if written != embedded_digests.FILE_DIGEST:
        print(f"codeshift expects {embedded_digests.FILE_DIGEST}", file=sys.stderr)
    return int(written != embedded_digests.FILE_DIGEST)


def write(digests: CodeDigests, path: Path) -> None:
    """Write the digests of the texts, and then those of their forms without names."""
    with path.open("wb") as file:
        np.save(file, np.concatenate([digests.exact, digests.renamed]).astype("<u8"), allow_pickle=False)


if __name__ == "__main__":
    sys.exit(main())
