# Needs python3 (3.11 or newer) and make; everything else is installed by the targets. The environment is .venv/.
.PHONY: help setup demo run test check bench bench-detect bench-scale bench-peers format clean
.DEFAULT_GOAL := help
SHELL := /bin/bash

BIN := .venv/bin
CODE := $(wildcard defacewatch tests bench)
ARGS ?=

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## install what is missing: the locked environment, Chromium, PostgreSQL for the tests
	@scripts/setup environment browser postgresql

demo: ## a local portal is learned, updated, defaced; the alert arrives (KEEP=1 stays up)
	@scripts/setup environment browser
	@$(BIN)/defacewatch demo $(if $(KEEP),--keep) $(ARGS)

run: ## the daemon on config/
	@scripts/setup environment browser
	@exec $(BIN)/defacewatch run $(ARGS)

test: ## the whole test suite (ARGS="-k words" for a part of it)
	@scripts/setup environment browser postgresql
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist worksteal $(ARGS)

check: ## format, lint, types, import contracts, lock file
	@scripts/setup environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@scripts/uv lock --check
	$(BIN)/mypy $(CODE)

bench: ## the benchmarks that take minutes
	@scripts/setup environment browser postgresql
	@$(BIN)/python -m bench $(ARGS)

bench-detect: ## the engine on real pages and attacks (ARGS="--html-only" for the quick part)
	@scripts/setup environment browser
	@$(BIN)/python -m bench detect $(ARGS)

bench-scale: ## the real daemon on a farm of portals (ARGS="--sizes 200,1000,5000,10000 --minutes 10")
	@scripts/setup environment browser postgresql
	@$(BIN)/python -m bench scale $(ARGS)

bench-peers: ## other monitors beside this one, over the same pages; installs them from the package index
	@scripts/setup environment browser
	@$(BIN)/python -m bench peers $(ARGS)

format: ## format the code, and mend what the linter can
	@scripts/setup environment
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove what the tools made, .venv included; never config/, baselines/ or data/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist demo-out
