"""Issues. GitHub lists pull requests among them."""

from __future__ import annotations

from typing import Any

from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Issue, Pull, Repository


@plays("issues/list-for-repo", "issues:read")
def _list_issues(call: Call) -> Reply:
    repository = _repository(call)
    state = call.query.get("state", "open")
    listed: list[Issue | Pull] = [*repository.issues, *repository.pulls]
    found = sorted(listed, key=lambda one: one.number, reverse=True)
    wanted = [one for one in found if state in {"all", one.state}]
    return 200, [_shown(call, repository, one) for one in call.page(wanted)]


@plays("issues/create", "issues:write")
def _create(call: Call) -> Reply:
    repository = _repository(call)
    title, body = str(call.body["title"]), call.body.get("body", "")
    issue = Issue(repository.next_number, title, body)
    repository.issues.append(issue)
    return 201, _shown(call, repository, issue)


@plays("issues/get", "issues:read")
def _get(call: Call) -> Reply:
    repository = _repository(call)
    known: list[Issue | Pull] = [*repository.issues, *repository.pulls]
    for one in known:
        if str(one.number) == call.arguments["issue_number"]:
            return 200, _shown(call, repository, one)
    raise not_found()


def _repository(call: Call) -> Repository:
    repository = call.repository()
    if repository.settings.get("has_issues") is False:
        raise Refusal(410, "Issues are disabled for this repo")
    return repository


def _shown(call: Call, repository: Repository, one: Issue | Pull) -> dict[str, Any]:
    place = f"{repository.full_name}/issues/{one.number}"
    shown: dict[str, Any] = {
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "state": one.state,
        "url": f"{call.api}/repos/{place}",
        "html_url": f"{call.hub.url}/{place}",
    }
    if isinstance(one, Pull):
        url = f"{call.api}/repos/{repository.full_name}/pulls/{one.number}"
        shown["pull_request"] = {"url": url, "html_url": url, "diff_url": url, "patch_url": url}
    return shown
