# What this repository adds to the Makefile.

.PHONY: store store-synth
# The Makefile says later what READY is.
.SECONDEXPANSION:

store: $$(READY)  ## deploy the vector store of config/vector_store.yaml, showing what changes
	@$(BIN)/python -m stacks.vector_store deploy

# The store's template is written and checked with the others, when there is a store.
synth: store-synth
store-synth: $$(READY)
	@$(BIN)/python -m stacks.vector_store synth
