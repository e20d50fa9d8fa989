"""What can go wrong with GitHub. Two of these pass by themselves and are worth a repetition."""

from __future__ import annotations

from generator.errors import GeneratorError, InputError


class GitHubUnavailable(GeneratorError):
    """GitHub (or the secret with its token) could not be reached, or answered with a fault.

    may_have_acted: the request was sent, so that GitHub may have done what it asked for.
    """

    def __init__(self, message: str, *, may_have_acted: bool = False) -> None:
        super().__init__(message)
        self.may_have_acted = may_have_acted


class GitHubRateLimited(GeneratorError):
    """GitHub wants us to wait longer than we may. `seconds` is how long."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class GitHubRefused(InputError):
    """GitHub does not take the token (401), or the token may not do this (403)."""


class GitHubMissing(InputError):
    """GitHub has no such thing, or hides it from our token (404, 410)."""


class GitHubInvalid(InputError):
    """GitHub cannot do this with what is there (another 4xx, such as 409 or 422)."""


class TokenUnusable(InputError):
    """The secret holds no token and no GitHub App's key, or none that can be used."""


class RepositoryForeign(InputError):
    """A repository of that name exists and is not the one of this project."""


class RepositoryArchived(InputError):
    """The repository is ours and archived: nothing can be written to it."""


class UnknownReviewer(InputError):
    """GitHub knows no such user or team."""
