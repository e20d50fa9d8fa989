# What this repository adds to the Makefile.

.PHONY: questions feedback monitor
# The Makefile says later what READY is.
.SECONDEXPANSION:

# What the local server is asked is kept, to be read by `make feedback` and `make monitor`.
serve: export CAPTURE_DIR ?= $(LOCAL)/capture
feedback monitor: export CAPTURE ?= $(LOCAL)/capture

questions: $$(READY)  ## write questions about the last run's index, for people to review
	@$(BIN)/python -m pipeline.questions $(ARGS)

feedback: $$(READY)  ## turn answers that people rated down into questions to review, from CAPTURE
	@$(BIN)/python -m source.feedback $(ARGS)

monitor: $$(READY)  ## look at what was asked lately, as CAPTURE (folder or s3://) has it
	@$(BIN)/python -m pipeline.monitoring $(ARGS)
