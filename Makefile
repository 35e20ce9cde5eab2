# Every target does its own set-up, once: `make up` runs Tradewind, `make test` tests it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV := .venv
PYTHON := $(VENV)/bin/python
# Every folder of Python at the root.
ROOMS := $(patsubst %/,%,$(sort $(dir $(wildcard */*.py))))

# What is done is remembered here, so that a warm start does nothing.
DONE := $(VENV)/done
DASHBOARD := dashboard/dist/index.html
DASHBOARD_SOURCES := $(shell find dashboard/src dashboard/public dashboard/index.html \
	dashboard/vite.config.ts dashboard/tsconfig.json -type f 2>/dev/null)
NPM_IN = PATH="$$(cat $(DONE)/node):$$PATH" npm --no-fund --no-audit --prefix
NPM = $(NPM_IN) dashboard

# Each worker has servers of its own. The proofs measure times, so they run one by one.
WORKERS := 2
QUICK_TESTS = $(PYTHON) -m pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# make up FEED=live DATA=/srv/tradewind PORT=9000; FEED=replay REPLAY="FILE…"
UP = $(if $(FEED),--feed '$(FEED)') $(if $(DATA),--data '$(DATA)') $(if $(PORT),--port '$(PORT)') $(REPLAY)

.PHONY: help up down test test-all check bench browser lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(DONE)/core $(DASHBOARD) ## Run Tradewind (FEED=sandbox|live|replay DATA=directory PORT=number)
	@exec $(PYTHON) -m tradewind up $(UP)

down: $(DONE)/core ## Stop what `make up` runs (DATA=directory)
	@exec $(PYTHON) -m tradewind down $(if $(DATA),--data '$(DATA)')

test: $(DONE)/dev $(DONE)/timescale $(DASHBOARD) browser ## Run the tests (WORKERS=number at once)
	$(QUICK_TESTS)
	$(NPM) test

test-all: $(DONE)/dev $(DONE)/timescale $(DASHBOARD) browser ## Run the tests, and the proofs that take minutes
	$(QUICK_TESTS)
	$(PYTHON) -m pytest -m slow
	$(NPM) test

check: $(DONE)/dev $(DONE)/npm ## Lint, format and types, of source and tests
	$(PYTHON) -m ruff check $(ROOMS)
	$(PYTHON) -m ruff format --check $(ROOMS)
	$(PYTHON) -m mypy $(ROOMS)
	$(NPM) run check

bench: $(DONE)/dev ## Run the benchmarks; writes benchmarks/latest.json
	$(PYTHON) -m pytest benchmarks -q

browser:
	@.ci/chromium

lock: ## Lock the newest versions that pyproject.toml allows
	uv pip compile -q --upgrade $(LOCKED) pyproject.toml -o requirements/core.txt
	uv pip compile -q --upgrade $(LOCKED) --extra dev -c requirements/core.txt pyproject.toml -o requirements/dev.txt
	uv pip compile -q --upgrade $(LOCKED) requirements/node.in -o requirements/node.txt

# Hashes, and no download addresses.
LOCKED := --generate-hashes --universal --no-emit-index-url --python-version 3.11

clean: ## Remove what was built and installed; never data
	rm -rf $(VENV) dashboard/dist dashboard/node_modules tests/timescale/node_modules build *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
	find $(ROOMS) -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment whose Python is gone is made anew.
$(shell $(PYTHON) -I -S -c '' 2>/dev/null || rm -rf $(DONE))

$(DONE)/python:
	@python=$$(.ci/python); echo "Making $(VENV) with $$python"; "$$python" -m venv $(VENV)
	@mkdir -p $(DONE)
	@packages=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
		echo '$(CURDIR)' >"$$packages/tradewind.pth"
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m tradewind "$$@"\n' >$(VENV)/bin/tradewind
	@chmod +x $(VENV)/bin/tradewind
	@touch $@

$(DONE)/core: requirements/core.txt | $(DONE)/python
	@echo "Installing what Tradewind needs (once, a few minutes with a slow connection)"
	@$(PYTHON) -m pip install --disable-pip-version-check --require-hashes -r requirements/core.txt
	@touch $@

$(DONE)/dev: requirements/dev.txt | $(DONE)/core
	@echo "Installing what the tests need"
	@$(PYTHON) -m pip install --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(DONE)/node: requirements/node.txt | $(DONE)/python
	@directory=$$(.ci/node $(VENV)); echo "$$directory" >$@

# Not `npm ci`: it fails where the lock leaves out an optional binary of some other platform.
$(DONE)/npm: dashboard/package.json dashboard/package-lock.json $(DONE)/node
	@echo "Installing what the dashboard is built with"
	@$(NPM) install --no-save
	@touch $@

$(DONE)/timescale: tests/timescale/package.json tests/timescale/package-lock.json $(DONE)/node
	@echo "Installing the TimescaleDB of the tests"
	@$(NPM_IN) tests/timescale install --no-save
	@touch $@

$(DASHBOARD): $(DASHBOARD_SOURCES) $(DONE)/npm
	@echo "Building the dashboard"
	@$(NPM) run build
	@touch $@
