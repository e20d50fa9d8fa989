"""Pull requests between two branches of one repository."""

from __future__ import annotations

from typing import Any

from generator.standins.github import git
from generator.standins.github.errors import Refusal, invalid, not_found
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Pull, Repository


@plays("pulls/list", "pull_requests:read")
def _list_pulls(call: Call) -> Reply:
    repository = call.repository()
    state, query = call.query.get("state", "open"), call.query
    owner = repository.owner.login
    found = [
        pull
        for pull in reversed(repository.pulls)
        if state in {"all", pull.state}
        and query.get("base", pull.base) == pull.base
        and query.get("head", f"{owner}:{pull.head}").lower() == f"{owner}:{pull.head}".lower()
    ]
    return 200, [_shown(call, repository, pull) for pull in call.page(found)]


@plays("pulls/create", "pull_requests:write")
def _create(call: Call) -> Reply:
    repository = call.repository()
    head, base = call.body["head"].split(":")[-1], call.body["base"]
    heads = repository.heads
    for field, branch in (("head", head), ("base", base)):
        if branch not in heads:
            raise invalid("PullRequest", field, "invalid")
    if any(pull.state == "open" and pull.head == head for pull in repository.pulls):
        name = f"{repository.owner.login}:{head}"
        raise _custom(f"A pull request already exists for {name}.")
    if git.ahead(repository.folder, base, head) == 0:
        raise _custom(f"No commits between {base} and {head}")
    title, body = call.body.get("title", head), call.body.get("body", "")
    pull = Pull(repository.next_number, title, body, head, base)
    repository.pulls.append(pull)
    return 201, _shown(call, repository, pull)


@plays("pulls/get", "pull_requests:read")
def _get(call: Call) -> Reply:
    repository = call.repository()
    for pull in repository.pulls:
        if str(pull.number) == call.arguments["pull_number"]:
            return 200, _shown(call, repository, pull)
    raise not_found()


def _custom(message: str) -> Refusal:
    error = {"resource": "PullRequest", "code": "custom", "message": message}
    return Refusal(422, "Validation Failed", [error])


def _shown(call: Call, repository: Repository, pull: Pull) -> dict[str, Any]:
    place = f"{repository.full_name}/pull/{pull.number}"
    heads = repository.heads
    ends = {
        end: {
            "ref": branch,
            "label": f"{repository.owner.login}:{branch}",
            "sha": heads.get(branch, "0" * 40),
        }
        for end, branch in (("head", pull.head), ("base", pull.base))
    }
    return {
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "state": pull.state,
        "merged_at": pull.merged_at,
        "url": f"{call.api}/repos/{repository.full_name}/pulls/{pull.number}",
        "html_url": f"{call.hub.url}/{place}",
        **ends,
    }
