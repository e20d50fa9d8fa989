# What this repository adds to the Makefile.

.PHONY: questions feedback monitor
# The Makefile says later what READY is.
.SECONDEXPANSION:

# What `make feedback` and `make monitor` read, a folder or s3://bucket/prefix: unless another is
# named, what the local server was asked, which it keeps. The commands take it from the environment.
CAPTURE ?= $(LOCAL)/capture
export CAPTURE
serve: export CAPTURE_DIR ?= $(LOCAL)/capture

questions: $$(READY)  ## write questions about the last run's index, for people to review
	@$(BIN)/python -m pipeline.questions $(ARGS)

feedback: $$(READY)  ## turn answers that people rated down into questions to review, from CAPTURE
	@$(BIN)/python -m source.feedback $(ARGS)

monitor: $$(READY)  ## look at what was asked lately, as CAPTURE (folder or s3://) has it
	@$(BIN)/python -m pipeline.monitoring $(ARGS)
