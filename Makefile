# make help says what there is. Nothing here needs more than sh, make and Python 3.11.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := posture scanners models reports
LOCKS := requirements-build.txt requirements.txt requirements-dev.txt
# One worker per core: the tests measure deadlines, and a crowded machine misses them.
WORKERS ?= auto
# What to test: make test TESTS=tests/checks
TESTS ?= tests

# An environment made elsewhere, or by a Python that is gone, is made anew whatever its stamps say.
BROKEN := $(shell [ "$$(cat $(VENV)/.home 2>/dev/null)" = "$$(pwd -P)" ] && $(BIN)/python -c '' 2>/dev/null || echo broken)
INPUTS := requirements-build.txt setup.cfg pyproject.toml scripts/venv.sh $(BROKEN)

.PHONY: help setup setup-dev demo bench test lint model docs format lock clean broken

help: ## show this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.ready-run ## make the environment that the program needs
setup-dev: $(VENV)/.ready-dev ## the same with tests and linters

$(VENV)/.ready-run: requirements.txt $(INPUTS)
	@sh scripts/venv.sh run

$(VENV)/.ready-dev: requirements.txt requirements-dev.txt $(INPUTS)
	@sh scripts/venv.sh dev

broken:

demo: setup ## assess three applicants on loopback and write their reports
	@sh scripts/tools.sh nmap
	@$(BIN)/posture demo

test: setup-dev ## run every test
	@sh scripts/tools.sh --tests
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

lint: setup-dev ## ruff, mypy --strict and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

model: setup ## fit the shipped risk model anew from its tables
	@$(BIN)/python -m models.build
	@$(BIN)/python -m models.card

docs: setup ## write docs/cli.md, docs/checks.md and the schemas of the desk anew from the program
	@$(BIN)/python scripts/make_docs.py
	@$(BIN)/python scripts/make_schemas.py

pictures: setup-dev ## take the pictures of the README anew from the demo
	@sh scripts/tools.sh --tests
	@$(BIN)/posture demo --out demo
	@$(BIN)/python scripts/pictures.py demo

format: setup-dev ## let ruff lay the code out and fix what it safely can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup-dev ## resolve requirements*.in anew into hashed files
	@for lock in $(LOCKS); do \
	    UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	        --generate-hashes --no-emit-index-url --no-header "$${lock%.txt}.in" --output-file "$$lock" || exit; \
	done

bench: setup-dev ## a whole assessment over a link of 50 ms, beside the chain of peers
	@$(BIN)/python benchmarks/assess.py

bench-%: setup-dev ## bench-tls, bench-dns, bench-sweep, bench-quote, bench-model, bench-reports, bench-web: ours and the peers' in one run (PARTS chooses)
	@$(BIN)/python benchmarks/$*.py $(PARTS)

clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests scripts -name __pycache__ -prune -exec rm -rf {} +
