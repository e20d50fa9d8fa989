# What this repository adds to the Makefile.

.PHONY: questions
# The Makefile says later what READY is.
.SECONDEXPANSION:

questions: $$(READY)  ## write questions about the last run's index, for people to review
	@$(BIN)/python -m pipeline.questions $(ARGS)
