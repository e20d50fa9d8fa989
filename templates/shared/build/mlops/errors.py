"""The one exception that reaches the person at the keyboard as a message instead of a traceback."""


class CommandError(Exception):
    """Something a person can put right.

    The text says what was wrong, the value, and the fix. `exit_code` is the process's exit code:
    1 for work that failed, 2 for a command or configuration that could not be understood.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
