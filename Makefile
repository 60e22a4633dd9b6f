# Every word sets up what it needs: the first run takes minutes, later ones seconds.
VENV ?= .venv
PYTHON ?= python3
# The CPU build of torch, installed before whatever depends on it. Another build: make demo TORCH="torch==…"
TORCH ?= torch==2.13.0
PORT ?= 8000
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export TOKENIZERS_PARALLELISM = false
export OMP_NUM_THREADS ?= 1
# Tests on real data are skipped where there is none.
ifneq ($(wildcard ../shared/data),)
export COPILOT_DATA ?= $(abspath ../shared/data)
endif

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow check fix bench screenshots browser clean

help: ## Show these words
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

install: $(INSTALLED) ## Install the copilot and its tools into .venv

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "$(TORCH)"
	$(BIN)/pip install --quiet --editable ".[dev]"
	$(BIN)/python -m compileall -q copilot knowledge models eval
	@touch $@

demo: $(INSTALLED) ## Make the sample brand and open the console in a browser
	$(BIN)/copilot demo --port $(PORT) --open

browser: ## Debian's chromium for the browser tests, where it may be installed
	@.ci/browser

test: $(INSTALLED) browser ## Run the tests (under ten minutes on two cores)
	$(PYTEST) -m "not slow"

test-slow: $(INSTALLED) browser ## Run the tests that take longer
	$(PYTEST) -m slow

check: $(INSTALLED) ## Lint, types, direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(INSTALLED) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## Measure latency, throughput, memory and growth
	$(BIN)/copilot eval bench

screenshots: $(INSTALLED) browser ## Make the pictures of README and docs again
	$(BIN)/python docs/images/make.py

clean: ## Remove what was built here
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
