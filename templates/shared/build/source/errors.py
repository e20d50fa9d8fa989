"""The base of every error that a person can act on: its text says what was wrong and what to do."""


class UserError(ValueError):
    """Input or settings that cannot be used. Shown without a traceback."""
