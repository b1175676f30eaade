# Each target does all of its own set-up: python3 >= 3.11 and a package index are enough.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never
# Commands start as fast as they do where they are installed: from compiled modules.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench format clean

demo: $(VENV)/installed
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/demo

test: $(VENV)/installed
	$(BIN)/pytest -n auto --dist loadfile
	@echo "make test: all tests passed"

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
