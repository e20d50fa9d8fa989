# What this repository adds to the Makefile.

# Which build of torch to install. `pypi` is what PyPI has for this machine (on Linux the build for
# CUDA 13); cpu, cu130, rocm6.4, ... are PyTorch's own; auto takes the one for this machine's GPU.
TORCH ?= pypi

ifneq ($(TORCH),pypi)
INSTALL_VARIANT := -torch-$(TORCH)
INSTALL_OPTIONS := --torch-backend $(TORCH) --reinstall-package torch
endif
# The libraries of CUDA, where the installed build of torch loads them.
define INSTALL_MORE
@if $(BIN)/python -c 'import sys; from importlib.metadata import version; sys.exit(sys.platform != "linux" or version("torch").endswith("+cpu"))'; then \
  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -r requirements-cuda.txt; fi
endef
LOCK_MORE = $(LOCK) requirements-cuda.in -o requirements-cuda.txt

.PHONY: plan
# The Makefile says later what READY is.
.SECONDEXPANSION:

plan: $$(READY)  ## estimate the memory of a tuning, and name the machines that fit
	@$(BIN)/python -m pipeline.plan $(ARGS)
