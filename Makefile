# Everything a person does with a clone. Python 3.11 or newer and make are all it needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check test-browser assets chromium bench bench-matching bench-full lock clean

# The first of these that is new enough is used; name one yourself with `make PYTHON=/path/to/python3 …`.
PYTHON ?= python3.13 python3.12 python3.11 python3
VENV ?= .venv
BIN := $(VENV)/bin
# Two more than the two cores of the gate's machine: where people sign in, tests wait for the next one-time code.
WORKERS ?= 4

# Wheels only, each checked against its hash; then the project itself, which needs nothing from outside.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input
INSTALL_LOCKED := $(INSTALL) --require-hashes --only-binary :all: -r
INSTALL_PROJECT := $(INSTALL) --no-deps --no-build-isolation --no-index --editable .

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed-run assets ## Play the whole story on this machine, and end.
	@$(BIN)/signpost demo

# Files in the order that tests/conftest.py gives them: the longest are not left to the end.
test: $(VENV)/.installed-dev ## Run every test that needs neither a browser nor a database server.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(VENV)/.installed-browser ## Check style, types and who may import whom.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-browser: $(VENV)/.installed-browser assets chromium ## Run the tests that drive the gateway's pages in a browser.
	@$(BIN)/python -m pytest $(or $(TESTS),tests/browser)

# Debian's, where it is missing and can be had; the fonts are what the pages are drawn with.
chromium:
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	    echo "Installing Debian's chromium."; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null; \
	fi
	@command -v chromium >/dev/null || \
	    { echo "The browser tests need chromium (on Debian: apt install chromium fonts-liberation)." >&2; exit 1; }

# GOV.UK's styles and scripts without its typeface and without its crest: this is no site of GOV.UK's. Its package holds
# no licence's text, which must go with it: that is kept here.
ASSETS := signpost/edge/gateway/pages/assets
GOVUK := requirements/npm/node_modules/govuk-frontend/dist/govuk/govuk-frontend.min
NOT_OURS := s/@font-face *\{[^}]*\}//g; s/"?GDS Transport"?, *//g; s|url\(/assets/images/[^)]*\)|none|g; s|/\*!.*\*/||g
OWN_SHEET := so the gateway's pages use the small sheet of their own

assets: ## Fetch GOV.UK's styles and scripts for the gateway's pages, where npm is.
	@if [ requirements/npm/package-lock.json -ot $(ASSETS)/LICENSE.txt ]; then exit 0; fi; \
	if ! command -v npm >/dev/null; then \
	    echo "There is no npm here, $(OWN_SHEET) (on Debian: apt install npm)."; \
	    exit 0; \
	fi; \
	echo "Fetching the styles and scripts of the gateway's pages."; \
	if ! (cd requirements/npm && npm ci --ignore-scripts --silent --prefer-offline); then \
	    echo "npm could not fetch them, $(OWN_SHEET)."; \
	    exit 0; \
	fi; \
	mkdir -p $(ASSETS); \
	sed -E '$(NOT_OURS)' $(GOVUK).css > $(ASSETS)/govuk-frontend.min.css; \
	cp $(GOVUK).js $(ASSETS)/; \
	cp requirements/npm/govuk-frontend.LICENSE.txt $(ASSETS)/LICENSE.txt

bench: $(VENV)/.installed-bench ## Measure what a lookup and a feed cost, and whether a shield shows, in some twenty-five minutes.
	@$(BIN)/python -m tests.bench

bench-matching: $(VENV)/.installed-bench ## Measure how well children are recognised, in some fifteen minutes.
	@$(BIN)/python -m tests.bench.matching

bench-full: $(VENV)/.installed-bench ## Measure the large sizes as well, which takes much longer.
	@$(BIN)/python -m tests.bench --full

# `make lock UPGRADE=--upgrade` takes newer versions; without it only what the .in files ask for changes.
LOCK := .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --only-binary :all: \
	--generate-hashes --custom-compile-command "make lock" $(UPGRADE)

lock: $(BIN)/python ## Write the hash-locked requirements files anew from the .in files.
	@test -x .venv-lock/bin/uv || { $(BIN)/python -m venv .venv-lock && .venv-lock/bin/pip install -qq uv; }
	@# run.txt comes first: the others are held to its versions; and dev.txt before browser.txt
	cd requirements && for name in run dev bench browser; do ../$(LOCK) $$name.in --output-file $$name.txt; done
	cd requirements/npm && npm install --package-lock-only --ignore-scripts --silent

clean: ## Remove the virtual environments, the caches and what runs left behind.
	rm -rf .venv-lock $(VENV) build dist run runs $(ASSETS) requirements/npm/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find signpost cli keys tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(PYTHON); do \
	    if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Making $(VENV) with $$("$$python" --version)."; \
	        exec "$$python" -m venv $(VENV); \
	    fi; \
	done; \
	echo "Signpost needs Python 3.11 or newer with venv (on Debian: apt install python3-venv). Tried: $(PYTHON)." >&2; \
	echo "Name another with: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.installed-%: requirements/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing requirements/$*.txt into $(VENV)."
	@$(INSTALL_LOCKED) $<
	@$(INSTALL_PROJECT)
	@touch $@
