# Every command a person or CI needs. `make` alone lists them.
# The tools live in .venv and .cache; nothing else on the machine is touched.

VENV ?= .venv
PYTHON ?= python3
ARGS ?=
ARCH ?= arm64
CONFIG ?=
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
# The CDK is as large as everything else together: it has an environment of its own.
INFRASTRUCTURE := generator/infrastructure
CDK_VENV := $(VENV)/infrastructure
CDK_READY := $(CDK_VENV)/.installed
# The emulator of AWS pins libraries of its own: so has it.
MINISTACK_VENV := $(VENV)/ministack
MINISTACK_READY := $(MINISTACK_VENV)/.installed
# Both commands read the administrator's configuration: CONFIG, or aiops.toml, or the example.
# A value that is given to make is in the environment of its recipes: no shell reads it as its own.
WITH_CONFIG := $${CONFIG:+--config "$$CONFIG"}
WITH_STACK := $${STACK:+--stack "$$STACK"}
DEPLOYMENT := python -m generator.infrastructure.deployment

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint workflows lint-infrastructure package synth diff deploy bootstrap e2e faults bench docs docs-serve lock clean

help:  ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

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

$(CDK_READY): $(INFRASTRUCTURE)/requirements.txt $(PYTHON_READY)
	@test -x $(CDK_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(CDK_VENV)
	uv pip install --quiet --python $(CDK_VENV)/bin/python --no-deps -r $(INFRASTRUCTURE)/requirements.txt
	@# The CDK has 350 modules and the stacks use ten: compile all but those, then the ten that are
	@# loaded; loading them also unpacks the CDK's other half into the environment.
	@$(CDK_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | \
	  xargs -I {} $(CDK_VENV)/bin/python -m compileall -q -j 0 -x '/aws_cdk/[a-z]' {} >/dev/null
	@$(CDK_VENV)/bin/python -B -c 'import generator.infrastructure.stacks.app, compileall, sys; \
	  files = [getattr(module, "__file__", None) for module in sys.modules.values()]; \
	  [compileall.compile_file(file, quiet=1) for file in files if file and "aws_cdk" in file]'
	@touch $@

$(MINISTACK_READY): tests/chain/requirements.txt $(PYTHON_READY)
	@test -x $(MINISTACK_VENV)/bin/python || $(PYTHON) -m venv --without-pip $(MINISTACK_VENV)
	uv pip install --quiet --python $(MINISTACK_VENV)/bin/python --no-deps --compile-bytecode -r tests/chain/requirements.txt
	@touch $@

demo: $(PYTHON_READY)  ## play a CreateProject event to the end: two repositories, a model, a prediction
	@$(BIN)/aiops demo $(ARGS)

lint: $(PYTHON_READY)  ## ruff and mypy on the generator, the hooks and the tests
	ruff check .
	ruff format --check .
	mypy

workflows: $(PYTHON_READY)  ## derive the workflows of a monorepo from those of two repositories
	@python -m maintenance

lint-infrastructure: $(CDK_READY)  ## mypy on the stacks, where the CDK is
	$(CDK_VENV)/bin/python -m mypy --config-file $(INFRASTRUCTURE)/mypy.ini \
	  --cache-dir .mypy_cache/infrastructure -p generator.infrastructure

package: $(PYTHON_READY)  ## build the zip of the control plane's Lambda functions into dist/
	@$(BIN)/python -m generator.infrastructure.package --arch $(ARCH) --output dist $(WITH_CONFIG)

synth: package $(CDK_READY)  ## write the control plane's stacks into cdk.out/, checked, offline
	@$(CDK_VENV)/bin/python -m generator.infrastructure --arch $(ARCH) $(WITH_CONFIG) $(ARGS)

diff: $(PYTHON_READY) $(NODE_READY)  ## what a deployment of the synthesized stacks would change; STACK=one of them
	@$(DEPLOYMENT) diff $(WITH_CONFIG) $(WITH_STACK) $(ARGS)

deploy: $(PYTHON_READY) $(NODE_READY)  ## deploy them to the account that is signed in to; STACK=one of them
	@$(DEPLOYMENT) deploy $(WITH_CONFIG) $(WITH_STACK) $(ARGS)

bootstrap: $(PYTHON_READY) $(NODE_READY)  ## set that account up for the CDK, once
	@$(DEPLOYMENT) bootstrap $(WITH_CONFIG) $(WITH_STACK) $(ARGS)

test: setup lint lint-infrastructure  ## every check of the project (about 20 minutes on 2 cores)
	pytest $(ARGS)

e2e: $(PYTHON_READY) $(NODE_READY) $(CDK_READY) $(MINISTACK_READY)  ## play the control plane from event to deployment on this machine
	@python -m tests.chain $(ARGS)

faults: $(PYTHON_READY) $(NODE_READY)  ## let every outward call of the control plane go wrong in every way
	@python -m tests.faults $(ARGS)

bench: $(PYTHON_READY)  ## cost of a project, and of a RAG index, side by side with other ways
	python -m benchmarks $(ARGS)

docs: $(PYTHON_READY)  ## build the documentation into site/
	mkdocs build --strict --quiet

docs-serve: $(PYTHON_READY)  ## read the documentation on http://127.0.0.1:8000
	mkdocs serve --dev-addr 127.0.0.1:8000

lock: $(PYTHON_READY)  ## pin what each requirements.in asks for
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header $(INFRASTRUCTURE)/requirements.in -o $(INFRASTRUCTURE)/requirements.txt
	uv pip compile --quiet --universal --python-version 3.13 --no-emit-index-url --no-annotate --no-header $(INFRASTRUCTURE)/lambda-requirements.in -o $(INFRASTRUCTURE)/lambda-requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header tests/chain/requirements.in -o tests/chain/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header tests/chain/runtime-requirements.in -o tests/chain/runtime-requirements.txt

clean:  ## forget the demo and every cache, keep the environment
	rm -rf .demo .cache cdk.out dist site .pytest_cache .mypy_cache .ruff_cache
