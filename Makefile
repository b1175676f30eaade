# Each target does all of its own set-up: python3 >= 3.11 and a package index are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never
# Commands start as fast as they do where they are installed: from compiled modules.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-e2e test-aws check bench format clean

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo

# Tests with time limits share the machine with each other: what fails is run once more, by itself. They wait more than
# they work, so there are twice as many processes as processors, but for those that emulate another processor.
AGAIN := $(BIN)/pytest --last-failed --last-failed-no-failures none
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
TESTS ?= tests
MARKS ?= slow or not slow
E2E_MARKS ?= not long

test: $(VENV)/installed
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "$(MARKS)" $(TESTS) --ignore tests/e2e || $(AGAIN) -m "$(MARKS)" $(TESTS) --ignore tests/e2e
	$(BIN)/pytest -n auto --dist loadfile -m "$(E2E_MARKS)" tests/e2e || $(AGAIN) -m "$(E2E_MARKS)" tests/e2e
	@echo "make test: all tests passed"

# The real parts alone, with what takes long: kills and faults at every AWS call. AGENTCORE_E2E=required: what is
# missing is a failure.
test-e2e: $(VENV)/installed
	$(BIN)/pytest -n auto --dist loadfile tests/e2e

# The journey on your own AWS account. It makes resources there and removes them again; the README says which.
test-aws: $(VENV)/installed
	@[ "$(AGENTCORE_TEST_AWS)" = yes ] || { echo "make test-aws deploys to your AWS account: say AGENTCORE_TEST_AWS=yes"; exit 2; }
	$(BIN)/pytest -s tests/e2e/test_journey_aws.py

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@echo "make check: format, lint and types are clean"

bench: $(VENV)/installed
	$(BIN)/python -m tests.bench

format: $(VENV)/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' constraints.txt > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.txt
	$(UV) pip install --quiet --no-python-downloads --python $(BIN)/python --compile-bytecode --require-hashes -r constraints.txt
	$(UV) pip install --quiet --no-python-downloads --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf $(VENV) .cache dist .mypy_cache .ruff_cache .pytest_cache
