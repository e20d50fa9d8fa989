"""How GitHub refuses: a status, a message and details, in the words that its users meet."""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """An answer with an error, to be sent to the caller."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {
            "message": message,
            "documentation_url": DOCUMENTATION,
            "status": str(status),
        }
        if errors is not None:
            self.body["errors"] = errors


class BrokenStandIn(Exception):
    """The stand-in was asked what it does not play, or answered what GitHub could not."""


def not_found() -> Refusal:
    """Return GitHub's answer for what is not there, and for what the token may not see."""
    return Refusal(404, "Not Found")


def invalid(resource: str, field: str, code: str, message: str | None = None) -> Refusal:
    """Return GitHub's answer to a request that is well formed and cannot be done."""
    error = {"resource": resource, "field": field, "code": code}
    return Refusal(422, "Validation Failed", [{**error, "message": message} if message else error])
