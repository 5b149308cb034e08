# make demo | test | test-full | soak | faults | check | fix | bench | rivals | run | setup
# Each sets up .venv by itself from requirements.lock; nothing but Python 3.11 or later and make is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
ARGS ?=
# Files of tests that run at a time, each in the order of its tests: some share what takes a minute to make.
WORKERS ?= 2

.PHONY: demo test test-full soak faults check fix bench rivals run setup lock clean chromium
.DEFAULT_GOAL := demo

setup: .venv/.ready

# Set up again only when the lock or the project's own metadata changed. The build tools come out of the lock too, and
# first, so that nothing is built in an environment that the lock does not name.
.venv/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "setting up .venv from requirements.lock"
	@awk '/^[a-z]/ {on = /^(packaging|setuptools|wheel)==/} on' requirements.lock > .venv/build-tools.lock
	@$(PIP) --require-hashes --no-deps -r .venv/build-tools.lock
	@$(PIP) --require-hashes --no-build-isolation --no-deps -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

demo: setup
	@$(BIN)/monitor demo $(ARGS)

run: setup
	@$(BIN)/monitor run $(ARGS)

# The pages are looked at in a browser, where one is here or can be had; nothing fails without.
chromium: setup
	@sh tests/install_chromium.sh

test: setup chromium
	@$(BIN)/python -m pytest -m "not full" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# The full figures of every issue, and the table of what was measured.
test-full: setup chromium
	@MONITOR_FULL=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --measured=docs/measured.md $(ARGS)

# A million posts while everything goes wrong: hours. make soak ARGS="--posts 20000 --kills 5" is shorter.
soak: setup
	@$(BIN)/python -m bench.soak $(ARGS)

# Every fault of the catalogue, its tests and how they went; the table is docs/faults.md.
faults: setup
	@$(BIN)/python tests/faults/table.py $(ARGS)

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

fix: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup
	@$(BIN)/python -m bench $(ARGS)

# What others use for the same, to be measured beside it; the monitor needs none of them.
rivals: setup
	@$(PIP) --target .rivals --upgrade --require-hashes --no-deps -r bench/rivals.lock

# Only when dependencies change; the lock names no registry.
lock:
	@$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --all-extras --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv build *.egg-info
