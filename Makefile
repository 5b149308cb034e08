# make demo | test | test-full | check | fix | bench | run | setup
# Each sets up .venv by itself from requirements.lock; nothing but Python 3.11 or later and make is needed.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
ARGS ?=

.PHONY: demo test test-full check fix bench run setup lock clean chromium
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
	@$(BIN)/python -m pytest -m "not full" $(ARGS)

# The full figures of every issue, and the table of what was measured.
test-full: setup chromium
	@MONITOR_FULL=1 $(BIN)/python -m pytest --measured=docs/measured.md $(ARGS)

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

fix: setup
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup
	@$(BIN)/python -m bench $(ARGS)

# Only when dependencies change; the lock names no registry.
lock:
	@$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --all-extras --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv build *.egg-info
