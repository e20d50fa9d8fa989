"""Opens the one pull request that brings our branch to the default branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from generator.github.errors import GitHubInvalid
from generator.github.transport import Api, repository_path


@dataclass(frozen=True)
class Pull:
    """A pull request. closed: a person closed it without merging, which is an answer."""

    number: int
    url: str
    state: Literal["open", "merged", "closed"]


def open_pull(
    api: Api, repository: str, head: str, base: str, title: str, body: str
) -> Pull | None:
    """Return the pull request from branch `head` to `base`, opened unless there was one.

    One that a person closed is found too, and not opened again. None when the branch has nothing
    that `base` lacks. Raises what Api.request raises.
    """
    path = repository_path(repository, "pulls")
    owner = repository.split("/")[0]

    def look() -> Pull | None:
        found = api.get(path, head=f"{owner}:{head}", base=base, state="all", per_page=100)
        pulls = [_pull(one) for one in found]
        still_open = [pull for pull in pulls if pull.state == "open"]
        return next(iter([*still_open, *pulls]), None)

    def act() -> Pull:
        wanted = {"title": title, "head": head, "base": base, "body": body}
        return _pull(api.request("POST", path, wanted).body)

    try:
        return api.once(look, act)
    except GitHubInvalid as refusal:
        if "no commits between" in str(refusal).lower():
            return None
        raise


def _pull(found: dict[str, Any]) -> Pull:
    state: Literal["open", "merged", "closed"] = "open"
    if found["state"] == "closed":
        state = "merged" if found.get("merged_at") else "closed"
    return Pull(found["number"], found["html_url"], state)
