"""The error of an operation that was asked for correctly and did not succeed."""


class OperationFailed(Exception):
    """What went wrong, the value, and what to do next."""
