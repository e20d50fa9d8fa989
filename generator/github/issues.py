"""Opens an issue, once: it is known again by its title."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generator.github.transport import Api, repository_path


@dataclass(frozen=True)
class Issue:
    """An issue, open or closed by now."""

    number: int
    url: str


def open_issue(api: Api, repository: str, title: str, body: str) -> Issue:
    """Return the issue with that title, opened unless there was one; closed ones count.

    Raises what Api.request raises: GitHubMissing where issues are switched off, GitHubRefused for
    an archived repository.
    """
    path = repository_path(repository, "issues")

    def look() -> Issue | None:
        for found in api.pages(path, state="all"):
            if found["title"] == title and "pull_request" not in found:
                return _issue(found)
        return None

    return api.once(
        look, lambda: _issue(api.request("POST", path, {"title": title, "body": body}).body)
    )


def _issue(found: dict[str, Any]) -> Issue:
    return Issue(found["number"], found["html_url"])
