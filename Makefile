# Two commands do everything: `make up` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export AEEF_HOME ?= $(HOME)/.aeef

.PHONY: up test check bench clean

up: $(INSTALLED)  ## set up, make a sample target the first time, and run everything on this machine
	$(BIN)/aeef init-demo --if-no-targets
	exec $(BIN)/aeef up

test: $(INSTALLED)  ## set up and pass the tests
	$(BIN)/python -m pytest

check: $(INSTALLED)  ## what CI checks besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable ".[test]"
	touch $@
