# make demo and make test set up everything they need; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.tools/bin/uv: requirements-tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3,11) <= sys.version_info[:2] < (3,13) else "Python 3.11 or 3.12 is needed: set PYTHON=python3.11")'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-tools.lock
	@touch $@

$(VENV)/.stamp: .tools/bin/uv requirements-dev.lock pyproject.toml
	.tools/bin/uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	.tools/bin/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements-dev.lock
	.tools/bin/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

node_modules/.stamp: package.json package-lock.json
	npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

ASSETS := governance/portal/static/vendor/manifest.json
$(ASSETS): node_modules/.stamp $(VENV)/.stamp governance/portal/build_assets.py
	$(BIN)/python -m governance.portal.build_assets

.PHONY: setup
setup: $(VENV)/.stamp node_modules/.stamp $(ASSETS) ## Install what everything needs, from the lock files

.PHONY: demo
demo: setup ## Run the main job end to end in a throw-away home
	$(BIN)/enclave demo

.PHONY: test
test: setup ## Check and test everything
	$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest

.PHONY: check
check: setup ## Lint, format, types, import directions (changes nothing)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: fix
fix: setup ## Format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lock
lock: .tools/bin/uv ## Resolve the lock files anew (seven-day cool-off)
	.tools/bin/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --exclude-newer "$$(date -u -d '7 days ago' +%F)" -o requirements-dev.lock
	.tools/bin/uv pip compile pyproject.toml --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements-dev.lock -o requirements.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@$(PYTHON) -c "import json,pathlib; p=pathlib.Path('package-lock.json'); d=json.loads(p.read_text()); [e.pop('funding', None) for e in d['packages'].values()]; p.write_text(json.dumps(d, indent=2) + chr(10))"

.PHONY: bench-load
bench-load: setup ## Governed load against plain conversion, JSON (minutes)
	$(BIN)/python -m tests.benchmarks.load

.PHONY: bench-portal
bench-portal: setup ## The portal's lists, the board's ledger and a decision, JSON (minutes)
	$(BIN)/python -m tests.benchmarks.portal

.PHONY: pictures
pictures: setup ## Take the pictures of the portal's pages for the docs
	$(BIN)/python -m tests.functional.portal_screenshots

.PHONY: real-data
real-data: setup ## Load the real public inputs beside the project (../shared/data) into a home to look at
	$(BIN)/python -m tests.functional.load_real_inputs $(if $(HOME_DIR),--home $(HOME_DIR))

.PHONY: airflow
airflow: export ENCLAVE_HOME ?= $(CURDIR)/home
airflow: setup ## Airflow under a real scheduler on loopback, for the deployment in ENCLAVE_HOME (home/)
	@test -f "$$ENCLAVE_HOME/enclave.env" || $(BIN)/enclave init "$$ENCLAVE_HOME"
	@exec $(BIN)/python -m dags.serve --home "$$ENCLAVE_HOME" --port $(or $(PORT),8080)
