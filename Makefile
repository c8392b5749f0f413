# Two commands set everything up on a machine with git, make and Python 3.11 or newer: make repro, make test.
# STUDY=<place> builds, opens or serves the study of another place in studies/<place>.
PYTHON ?= python3
BIN = .venv/bin
STUDY ?=
IN = $(if $(STUDY),cd studies/$(STUDY) && ,)
export PATH := $(CURDIR)/$(BIN):$(PATH)
.PHONY: repro test check test-long lab site review bundle lock bench references

repro: .venv/ready            ## bring all results up to date
	@$(IN)python -m pipelines.rebuild

test: .venv/ready             ## all tests, then the reference notebooks cell by cell, whatever failed before
	@failed=0; \
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long" || failed=1; \
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-kernel-startup-timeout=120 tests/notebooks || failed=1; \
	exit $$failed

check: .venv/ready            ## lint, format, types, the floors of the house, translations of the prose
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check -q . || failed=1; \
	$(BIN)/mypy --no-error-summary || failed=1; \
	PYTHONPATH=src:. $(BIN)/lint-imports --no-cache > build/floors.txt || { cat build/floors.txt; failed=1; }; \
	$(BIN)/python -m analysis.present.prose --check || failed=1; \
	$(BIN)/python -m analysis.ground.messages --check || failed=1; \
	exit $$failed

test-long: .venv/ready        ## what takes longer than a person waits: kills, full disks, copies, experiments, the whole rebuild under other conditions
	@$(BIN)/python -m pytest -m long
	@$(BIN)/python -m tests.conditions

lab: .venv/ready              ## JupyterLab on this machine only, with its token
	@$(IN)jupyter lab --config=pipelines/lab.py

site: repro                   ## the reviewers' site on this machine only
	@$(IN)python -m pipelines.build_site --serve

review: .venv/ready           ## make review BASE=<revision>: what the results say now and what they said then, as a page
	@$(BIN)/python -m pipelines.review $(if $(BASE),$(BASE),HEAD)

bundle: repro                 ## report, site and data as one archive with a manifest
	@$(BIN)/python -m pipelines.bundle

lock: .venv/ready             ## solve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile -q pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --upgrade --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock

references: .venv/ready       ## run the reference notebooks of tests/notebooks anew (look at the diff)
	@$(BIN)/python -m tests.workspace tests/notebooks

bench: .venv/ready            ## linkage of large tables; a report of 500 pages; a national collection; a forced rebuild against the same notebooks by plain papermill
	@$(BIN)/python -m benchmarks.linkage
	@$(BIN)/python -m benchmarks.intake
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
	@$(BIN)/uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
