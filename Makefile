# Every command a person or CI needs. `make` alone lists them.
# The tools live in .venv and .cache; nothing else on the machine is touched.

VENV ?= .venv
PYTHON ?= python3
ARGS ?=
UV_VERSION := 0.13.9

BIN := $(CURDIR)/$(VENV)/bin
export UV_CACHE_DIR ?= $(CURDIR)/.cache/uv
# Certificates of this machine count, such as those of a company's proxy.
export UV_SYSTEM_CERTS ?= true
export NODE_USE_SYSTEM_CA ?= 1
export NO_MKDOCS_2_WARNING := 1
export npm_config_cache ?= $(CURDIR)/.cache/npm
export PATH := $(BIN):$(PATH)
export npm_config_update_notifier := false

PYTHON_READY := $(VENV)/.installed
NODE_READY := node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench docs docs-serve lock clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: $(PYTHON_READY) $(NODE_READY)  ## install everything into .venv and node_modules

$(PYTHON_READY): requirements.txt pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Set PYTHON=python3.12, say." >&2; exit 1; }
	@test -x $(VENV)/bin/uv || { $(PYTHON) -m venv $(VENV) && \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --compile-bytecode -r requirements.txt
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_READY): package.json package-lock.json $(PYTHON_READY)
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(PYTHON_READY)  ## play a CreateProject event to the end: two repositories, a model, a prediction
	@$(BIN)/aiops demo $(ARGS)

lint: $(PYTHON_READY)  ## ruff and mypy on the generator, the hooks and the tests
	ruff check .
	ruff format --check .
	mypy

test: setup lint  ## every check of the project (about 15 minutes on 2 cores)
	pytest $(ARGS)

bench: $(PYTHON_READY)  ## cost of a project, side by side with other ways
	python -m benchmarks $(ARGS)

docs: $(PYTHON_READY)  ## build the documentation into site/
	mkdocs build --strict --quiet

docs-serve: $(PYTHON_READY)  ## read the documentation on http://127.0.0.1:8000
	mkdocs serve --dev-addr 127.0.0.1:8000

lock: $(PYTHON_READY)  ## pin what requirements.in asks for
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header requirements.in -o requirements.txt

clean:  ## forget the demo and every cache, keep the environment
	rm -rf .demo .cache site .pytest_cache .mypy_cache .ruff_cache
