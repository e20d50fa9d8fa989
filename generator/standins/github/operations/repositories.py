"""Repositories: creating, describing, archiving them, and reading their content."""

from __future__ import annotations

import base64
import re
from typing import Any

from generator.standins.github import git
from generator.standins.github.errors import Refusal, invalid, not_found
from generator.standins.github.operations.accounts import shown_account
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Account, Repository

MOST_TOPICS, DESCRIPTION = 20, 350
TOPIC = r"[a-z0-9][a-z0-9-]{0,49}"
SETTINGS = ("has_issues", "has_projects", "has_wiki", "delete_branch_on_merge")


def shown_repository(call: Call, repository: Repository) -> dict[str, Any]:
    """Return a repository as GitHub shows it."""
    full_name = repository.full_name
    return {
        "id": repository.id,
        "name": repository.name,
        "full_name": full_name,
        "owner": shown_account(call, repository.owner),
        "description": repository.description,
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
        "archived": repository.archived,
        "topics": repository.topics,
        "url": f"{call.api}/repos/{full_name}",
        "html_url": f"{call.hub.url}/{full_name}",
        "clone_url": f"{call.hub.url}/{full_name}.git",
        "size": 1 if repository.heads else 0,
        **repository.settings,
    }


@plays("repos/create-in-org", "administration:write")
def _create_in_organization(call: Call) -> Reply:
    account = call.hub.account(call.arguments["org"])
    if account.kind != "Organization" or account.login.lower() not in call.caller.owners:
        raise not_found()
    call.check_permission()
    repository = _created(call, account)
    team_id = call.body.get("team_id")
    if team_id is not None:
        if team_id not in {team.id for team in account.teams.values()}:
            raise invalid("Repository", "team_id", "invalid")
        repository.readers.add(team_id)
    return 201, shown_repository(call, repository)


@plays("repos/create-for-authenticated-user", "administration:write")
def _create_for_caller(call: Call) -> Reply:
    call.check_permission()
    return 201, shown_repository(call, _created(call, call.hub.account(call.caller.login)))


@plays("repos/get", "metadata:read")
def _get(call: Call) -> Reply:
    return 200, shown_repository(call, call.repository())


@plays("repos/update", "administration:write")
def _update(call: Call) -> Reply:
    wanted = call.body or {}
    name = f"{call.arguments['owner']}/{call.arguments['repo']}"
    found = call.hub.repositories.get(name.lower())
    if found is not None and found.archived and wanted.get("archived") is not None:
        found.archived = bool(wanted["archived"])  # the one change that an archived one takes
        return 200, shown_repository(call, found)
    repository = call.repository()
    branch = wanted.get("default_branch")
    if branch is not None and branch not in repository.heads:
        raise invalid("Repository", "default_branch", "invalid", "The branch was not found.")
    repository.default_branch = branch or repository.default_branch
    repository.description = _description(wanted.get("description", repository.description))
    repository.private = wanted.get("private", repository.private)
    repository.archived = wanted.get("archived", False)
    repository.settings |= {name: wanted[name] for name in SETTINGS if name in wanted}
    return 200, shown_repository(call, repository)


@plays("repos/get-all-topics", "metadata:read")
def _get_topics(call: Call) -> Reply:
    return 200, {"names": call.repository().topics}


@plays("repos/replace-all-topics", "administration:write")
def _replace_topics(call: Call) -> Reply:
    repository = call.repository()
    names = call.body["names"]
    if len(names) > MOST_TOPICS or not all(re.fullmatch(TOPIC, name) for name in names):
        raise Refusal(422, "Validation Failed", ["Topics must be 20 at most, of a-z, 0-9 and -."])
    repository.topics = sorted(set(names))
    return 200, {"names": repository.topics}


@plays("search/repos", "metadata:read")
def _search(call: Call) -> Reply:
    """Find by the qualifiers that are played: `user:` and `topic:`, with `fork:true`."""
    call.check_permission()
    asked = dict(word.partition(":")[::2] for word in call.query["q"].split())
    if set(asked) != {"user", "topic", "fork"}:
        raise Refusal(422, "Validation Failed", [f"not played: {call.query['q']}"])
    found = [
        one
        for one in call.hub.repositories.values()
        if one.owner.login.lower() == asked["user"].lower()
        and one.owner.login.lower() in call.caller.owners
        and asked["topic"] in one.topics
    ]
    shown = [shown_repository(call, one) | {"score": 1.0} for one in call.page(found)]
    return 200, {"total_count": len(found), "incomplete_results": False, "items": shown}


@plays("repos/get-branch", "contents:read")
def _get_branch(call: Call) -> Reply:
    repository = call.repository()
    name = call.arguments["branch"]
    heads = repository.heads
    if name not in heads:
        raise Refusal(404, "Branch not found")
    url = f"{call.api}/repos/{repository.full_name}/commits/{heads[name]}"
    return 200, {"name": name, "commit": {"sha": heads[name], "url": url}}


@plays("repos/get-content", "contents:read")
def _get_content(call: Call) -> Reply:
    repository = call.repository()
    path = call.arguments["path"]
    if not repository.heads:
        raise Refusal(404, "This repository is empty.")
    folder = repository.folder
    ref = call.query.get("ref", repository.default_branch)
    url = f"{call.api}/repos/{repository.full_name}/contents/{path}?ref={ref}"
    content = git.read(folder, ref, path)
    if content is not None:
        return 200, {
            "type": "file",
            "encoding": "base64",
            "size": len(content),
            "name": path.rsplit("/", 1)[-1],
            "path": path,
            "content": base64.encodebytes(content).decode(),
            "sha": git.git(folder, "rev-parse", f"{ref}:{path}"),
            "url": url,
        }
    listed = git.listing(folder, ref, path)
    if listed is None:
        raise not_found()
    kinds = {"tree": "dir", "blob": "file", "commit": "file"}
    return 200, [
        {"type": kinds[kind], "sha": sha, "name": name, "path": f"{path}/{name}", "size": size}
        for kind, sha, name, size in listed
    ]


def _created(call: Call, owner: Account) -> Repository:
    # GitHub writes a hyphen for what a name must not have.
    name = re.sub(r"[^A-Za-z0-9._-]", "-", call.body["name"])
    if len(name) > 100:
        raise invalid("Repository", "name", "too_long")
    if f"{owner.login}/{name}".lower() in call.hub.repositories:
        raise Refusal(
            422,
            "Repository creation failed.",
            [
                {
                    "resource": "Repository",
                    "field": "name",
                    "code": "custom",
                    "message": "name already exists on this account",
                }
            ],
        )
    description = _description(call.body.get("description"))
    private = call.body.get("private", call.body.get("visibility", "public") != "public")
    repository = call.hub.create_repository(f"{owner.login}/{name}", description, private)
    repository.settings = {name: call.body[name] for name in SETTINGS if name in call.body}
    return repository


def _description(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) > DESCRIPTION:
        raise invalid("Repository", "description", "too_long")
    if any(ord(character) < 32 for character in text):
        raise Refusal(
            422,
            "Validation Failed",
            [
                {
                    "resource": "Repository",
                    "field": "description",
                    "code": "custom",
                    "message": "description control characters are not allowed",
                }
            ],
        )
    return text
