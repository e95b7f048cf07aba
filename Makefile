# One word a chore. Everything rests on `setup`, which does nothing when nothing changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.setup-done
FRONT := app/static/dist/sizes.json
# Another Python: make setup PYTHON=/path/to/python3.12
PYTHON ?=
# Further words for pytest: make test ARGS="-k attention"
ARGS ?=

.PHONY: help setup run test test-long check lint bench

help: ## the list of these words
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(STAMP) $(FRONT) ## make .venv with everything in it, and build the front end

$(STAMP): pyproject.toml constraints.txt .ci/setup
	@PYTHON="$(PYTHON)" .ci/setup $(VENV)
	touch $@

$(FRONT): .ci/frontend frontend/build.mjs frontend/package-lock.json $(shell find frontend/src -type f)
	@.ci/frontend

run: setup ## serve the pages at http://127.0.0.1:8000
	@$(BIN)/torchkata serve

test: setup lint ## lint, then all tests but the long ones
	@.ci/test-packages
	cd frontend && npm test --silent && cd ..
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not long" $(ARGS)

test-long: setup lint ## every test, the long ones too
	@.ci/test-packages
	cd frontend && npm test --silent && cd ..
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: setup ## prove every kata of the bank
	@$(BIN)/torchkata check

lint: setup ## ruff, mypy and tsc, strict
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd frontend && node_modules/.bin/tsc

bench: setup ## print the numbers to reach, with medians and spread
	@$(BIN)/python -m benchmarks
