# Everything happens inside this checkout: the environment is .venv, and nothing is written elsewhere.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-dev demo fakes test check format lock upgrade clean

# The first Python that is new enough; `make setup PYTHON=/some/python3.12` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/installed ## Install the product into .venv
	@:

setup-dev: .venv/installed-dev ## Install the developers' tools too
	@:

demo: setup ## Start everything on http://127.0.0.1:8000, without any account
	@exec $(BIN)/therapy-booking demo

test: setup-dev ## Run every test (installs MariaDB and Chromium when they are missing)
	@tests/system-packages
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

fakes: setup-dev ## Try the real server in a terminal, with stand-ins for Twilio and Dialogflow
	@exec $(BIN)/python -m tests.acceptance.by_hand

check: setup-dev ## Lint, format, types, layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup-dev ## Let ruff lay out and mend what it can
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: | $(BIN)/uv ## Write the locks anew after pyproject.toml changed; what is locked stays as it is
	@$(COMPILE) $(UPGRADE) --group build --output-file requirements.lock
	@$(COMPILE) $(UPGRADE) --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock

upgrade: ## Move every locked package to its newest allowed version
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

clean: ## Remove the environment and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; python3 is older or missing." >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make environments (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; }

$(BIN)/uv:
	@$(MAKE) --no-print-directory setup-dev

# The stamps are newer than what they were made from: nothing is done when nothing changed.
.venv/installed: requirements.lock pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing the locked packages (about a minute the first time)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@echo "Teaching the offline classifier its phrases"
	@$(BIN)/therapy-booking understand --jsonl < /dev/null
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "Installing the developers' tools"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@
