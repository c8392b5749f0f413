# Two commands set everything up on a machine with git, make and Python 3.11 or newer: make repro, make test.
PYTHON ?= python3
BIN = .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
.PHONY: repro test lab site review lock bench references

repro: .venv/ready            ## bring all results up to date
	@$(BIN)/python -m pipelines.rebuild

test: .venv/ready             ## all tests, then the reference notebooks cell by cell
	@$(BIN)/python -m pytest -n 2 --dist loadfile
	@$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-kernel-startup-timeout=120 tests/notebooks

lab: .venv/ready              ## JupyterLab on this machine only, with its token
	@$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=$(CURDIR) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

site: repro                   ## the reviewers' site on this machine only
	@$(BIN)/python -m pipelines.build_site --serve

review: .venv/ready           ## make review BASE=<revision>: what the results say now and what they said then, as a page
	@$(BIN)/python -m pipelines.review $(if $(BASE),$(BASE),HEAD)

lock: .venv/ready             ## solve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock

references: .venv/ready       ## run the reference notebooks of tests/notebooks anew (look at the diff)
	@$(BIN)/python -m tests.workspace tests/notebooks

bench: .venv/ready            ## linkage of large tables; a national collection; a forced rebuild against the same notebooks by plain papermill
	@$(BIN)/python -m benchmarks.linkage
	@$(BIN)/python -m benchmarks.collection
	@$(BIN)/python -m benchmarks.rebuild

# uv is installed first, at the version and hash of the lock, and installs the rest from the lock
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name one: make PYTHON=python3.12 repro") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip -q
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@echo "Installing the locked environment …"
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
