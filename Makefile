# Everything a person needs. Each target sets up what it uses; a line with "##" is its help.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
KERNEL := $(wildcard vehicle/replay/scan/_*.[ch])

# The tests start hundreds of processes: let each find the modules compiled. Pip compiles what it
# installs: a test, to which a warning is an error, must not be the first to compile others' files.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test pytest test-slow lint types bench docs accept mutation clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no python3 here; install it: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: this Python cannot make a virtual environment; install it: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-run: $(VENV)/bin/python setup.cfg setup.py pyproject.toml $(KERNEL)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.ready-test: $(VENV)/bin/python setup.cfg setup.py pyproject.toml $(KERNEL)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.ready-run

run: $(VENV)/.ready-run ## play with a simulated car, live; without a terminal a story is told
	$(BIN)/chargelock demo

test: lint ## set up and run the tests (minutes, pip only)
	@$(MAKE) --no-print-directory --jobs=2 types pytest

pytest: $(VENV)/.ready-test
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-branch --cov-report=
	$(BIN)/coverage report --include='vehicle/core/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

$(VENV)/.ready-slow: $(VENV)/.ready-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,browser,fleet]'
	@touch $@ $(VENV)/.ready-run $(VENV)/.ready-test

test-slow: $(VENV)/.ready-slow ## run the long tests: sanitizers, a guest kernel, a browser (minutes; apt, as root)
	tools/guest/install
	$(BIN)/pytest -m slow -n 2 --dist loadfile tests

lint: $(VENV)/.ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-test
	$(BIN)/mypy

bench: $(VENV)/.ready-test ## measure us beside our peers and print the table (half an hour; a quiet machine)
	$(BIN)/python -m tools.bench $(ARGS)

docs: $(VENV)/.ready-test ## write the generated parts of the documentation again
	$(BIN)/python tools/render_docs.py

accept: $(VENV)/.ready-test ## record the golden journals again, on purpose
	$(BIN)/python tools/accept.py

mutation: $(VENV)/.ready-test ## change the core line by line and see that the tests notice (some five minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[mutation]'
	$(BIN)/python tools/mutation.py

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist mutants *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
