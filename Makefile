# Each target does all of its own set-up: python3 >= 3.11 and a package index are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never
# Commands start as fast as they do where they are installed: from compiled modules.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-all test-local test-e2e test-attacks test-aws check bench screenshots format clean
.NOTPARALLEL:

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo

# A file's tests share servers, so each file has one process; the short ones, tests/unit, come last and fill what is left.
# Tests wait more than they work, so there are twice as many processes as processors, but for those that emulate another
# processor. A process of tests that dies ends the run: pytest-xdist would wait for its successor without an end.
PYTEST := $(BIN)/pytest --dist loadfile --no-loadscope-reorder --max-worker-restart 0
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
TESTS ?= tests
MARKS ?= not long

# What a person waits for. AGENTCORE_E2E=required: a part that is missing is a failure.
test: test-local test-e2e test-attacks
	@echo "make test: all tests passed"

# With what takes long: a kill and a fault at every call, every image.
test-all: MARKS := long or not long
test-all: test-local test-e2e test-attacks
	@echo "make test-all: all tests passed"

test-local: $(VENV)/installed
	$(PYTEST) -n $(WORKERS) -m "$(MARKS)" $(TESTS) --ignore tests/e2e --ignore tests/attacks

test-e2e: $(VENV)/installed
	$(PYTEST) -n auto -m "$(MARKS)" tests/e2e

# What hostile code in a session tries.
test-attacks: $(VENV)/installed
	$(if $(wildcard tests/attacks/*),$(PYTEST) -n $(WORKERS) -m "$(MARKS)" tests/attacks,@true)

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

# The pictures of the page in docs/, by Debian's chromium.
screenshots: $(VENV)/installed
	$(BIN)/python -m tests.screenshots

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
