"""Where a GitHub is: github.com, its data-resident variant on ghe.com, or an Enterprise Server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from generator.errors import InputError, shown
from generator.remotes import git_base


class UnusableInstance(InputError):
    """What was given is not the address of a GitHub."""


@dataclass(frozen=True)
class Instance:
    """One GitHub. web: what a person opens and git pushes to. api: its REST interface."""

    web: str
    api: str

    @property
    def is_enterprise_server(self) -> bool:
        """Whether it is run by the organisation itself: such a one lags behind github.com."""
        return self.api.endswith("/api/v3")


def instance(web: str = "https://github.com", api: str | None = None) -> Instance:
    """Return the GitHub at `web`; `api` is derived from it unless given.

    Plain http is taken from this machine only. UnusableInstance for anything else.
    """
    base = git_base(web)
    if base.in_folder:
        raise UnusableInstance(f"GitHub = {shown(web)}: give its https address")
    return Instance(base.location, _checked(api) if api else _derived(base.location))


def _checked(api: str) -> str:
    base = git_base(api)
    if base.in_folder:
        raise UnusableInstance(f"GitHub's API = {shown(api)}: give its https address")
    return base.location


def _derived(web: str) -> str:
    parts = urlsplit(web)
    if parts.netloc in {"github.com", "www.github.com"} or parts.netloc.endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc.removeprefix('www.')}"
    return f"{web}/api/v3"
