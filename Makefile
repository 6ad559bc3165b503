# A fresh machine needs Python 3.11 or newer, pip and make; everything else is set up in .venv by the first target.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check audit docs bench bench-smoke

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' Makefile

setup: $(INSTALLED) ## Set up .venv with the pinned versions; does nothing when it is up to date

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: setup ## Start a service, play journeys through it and show what came of them
	$(BIN)/journey demo

serve: setup ## Keep a service running on ./journey-data
	$(BIN)/journey serve

# Hundreds of processes load the same modules: they are compiled once, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup ## Run every test, with more workers than there are cores: make test WORKERS=8
	$(BIN)/pytest --numprocesses $(WORKERS)

check: setup ## Check format, style, types and security
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src

audit: setup ## Ask for advisories on dependencies, fail where nobody answers; list what is installed in build/sbom.json
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file build/sbom.json $(BIN)/python
	@$(BIN)/python .ci/audit.py $(AUDIT)

docs: setup ## Write the catalogue pages from the code
	$(BIN)/python docs/generate.py

bench: setup ## Measure goals beside peers and limits: make bench GOALS="V1 V4" OPTIONS="--seconds 5"
	$(BIN)/python -m bench $(GOALS) $(OPTIONS)

bench-smoke: setup ## See that every goal can be measured; its figures mean nothing
	$(BIN)/python -m bench $(GOALS) --smoke
