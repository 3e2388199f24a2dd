# Two commands do everything: `make up` and `make test`.
# The system's Python first: one that pyenv compiled has no profile-guided optimisation, and with it
# everything takes a fifth longer (docs/performance.md).
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do \
	$$each -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
ARGS ?=
MINUTES ?= 5
SEED ?=
# Test processes, most with a system of their own that takes up to 2 GB. Many tests wait for something:
# two for each core and one more, as far as memory goes. Whole files go to a process, in the order of
# tests/conftest.py; 0, and so a file that is named, runs in one.
PROCESSES ?= $(if $(findstring .py,$(ARGS)),0,$(shell awk -v cores=$$(getconf _NPROCESSORS_ONLN) \
	'/^MemAvailable/ { n = int($$2 / 2000000); if (n > 2 * cores + 1) n = 2 * cores + 1; \
	print (n > 8 ? 8 : n < 1 ? 1 : n) }' /proc/meminfo))
# Another Prefect that pyproject.toml allows, the oldest if none is named, in a place of its own.
PREFECT ?= 3.8.8
OTHER := $(VENV)/prefect-$(PREFECT)
# Images of containers often forbid Python to keep what it compiled: then each of the hundreds of
# processes of a test run, and each command, would compile everything again.
unexport PYTHONDONTWRITEBYTECODE
export AEEF_HOME ?= $(HOME)/.aeef

.PHONY: help up test quick test-prefect check requirements bench chaos clean

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

up: $(INSTALLED)  ## set up, make a sample target the first time, and run everything on this machine
	$(BIN)/aeef init-demo --if-no-targets
	exec $(BIN)/aeef up

test: $(INSTALLED)  ## set up and pass the tests; for one file: make test ARGS=FILE
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

quick: $(INSTALLED)  ## the unit tests: no server, no Docker, no database; under a minute
	$(BIN)/python -m pytest -q -n 2 tests/unit tests/house $(ARGS)

test-prefect: $(OTHER)/.installed  ## the same with another Prefect: make test-prefect PREFECT=3.8.8
	$(OTHER)/bin/python -m pytest $(ARGS)

check: $(INSTALLED)  ## what CI checks besides the tests: style, types, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

requirements: $(INSTALLED)  ## write docs/requirements.md from the marks in the tests
	PYTHONPATH=.:tests $(BIN)/python -m requirements.write

bench: $(INSTALLED)  ## measure everything, half an hour; writes docs/benchmark.json and .svg
	PYTHONPATH=tests $(BIN)/python -m bench.run $(ARGS)

chaos: $(INSTALLED)  ## break everything in a storm: make chaos MINUTES=5 SEED=1
	PYTHONPATH=tests $(BIN)/python -m chaos.run --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

clean:  ## remove what was set up here (not AEEF_HOME)
	rm -rf $(VENV)

# The constraints hold for the build backend too: pip reads them from the environment (its name
# for that changed with pip 25.3).
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with venv is needed: apt-get install" \
		"python3 python3-venv, or name another one: make PYTHON=..." >&2; exit 1; }
	@echo "installing into $(VENV), once: $$(grep -c == constraints.txt) packages, a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip install \
		--disable-pip-version-check --progress-bar off --editable ".[test]"
	@touch $@

# Everything else is the first place's, as pinned; what a newer Prefect needs newer, pip says.
$(OTHER)/.installed: $(INSTALLED) pyproject.toml constraints.txt
	$(PYTHON) -m venv $(OTHER)
	place='import sysconfig; print(sysconfig.get_path("purelib"))'; \
	first=$$($(BIN)/python -c "$$place") && other=$$($(OTHER)/bin/python -c "$$place") && \
	echo "import site; site.addsitedir('$$first')" >"$$other/first.pth"
	grep -v '^prefect==' constraints.txt >$(OTHER)/constraints.txt
	PIP_CONSTRAINT=$(OTHER)/constraints.txt $(OTHER)/bin/python -m pip install \
		--disable-pip-version-check --quiet prefect==$(PREFECT)
	touch $@
