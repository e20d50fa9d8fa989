"""Workflows as they were pushed, and the runs that a dispatch starts."""

from __future__ import annotations

import re
from typing import Any

from generator.standins.github import git, workflows
from generator.standins.github.errors import Refusal, not_found
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.state import Repository, Run


@plays("actions/list-repo-workflows", "actions:read")
def _list_workflows(call: Call) -> Reply:
    repository = call.repository()
    found = [_shown_workflow(call, repository, path) for path in _paths(repository)]
    return 200, {"total_count": len(found), "workflows": call.page(found)}


@plays("actions/get-workflow", "actions:read")
def _get_workflow(call: Call) -> Reply:
    repository = call.repository()
    return 200, _shown_workflow(call, repository, _path(call, repository))


@plays("actions/create-workflow-dispatch", "actions:write")
def _dispatch(call: Call) -> Reply:
    repository = call.repository()
    path, ref = _path(call, repository), call.body["ref"].removeprefix("refs/heads/")
    content = git.read(repository.folder, ref, path)
    if content is None:
        raise Refusal(422, f"No ref found for: {ref}")
    workflow = workflows.parse(content, path)
    most = workflows.MOST_INPUTS_ON_SERVERS if call.is_enterprise_server else workflows.MOST_INPUTS
    given = call.body.get("inputs") or {}
    if len(given) > most:
        raise Refusal(422, f"you may only define up to {most} inputs")
    inputs = workflows.accepted_inputs(workflow, given)
    run = Run(
        id=call.hub.next_id(),
        repository=repository.full_name,
        workflow=path,
        name=workflow.name,
        title=workflows.title(workflow, inputs),
        ref=ref,
        commit=git.git(repository.folder, "rev-parse", ref),
        inputs=inputs,
        created_at=call.hub.timestamp(),
    )
    repository.runs.append(run)
    call.hub.start(run)
    if not call.body.get("return_run_details"):
        return 204, None
    shown = _shown_run(call, repository, run)
    urls = {"run_url": shown["url"], "html_url": shown["html_url"]}
    return 200, {"workflow_run_id": run.id, **urls}


@plays("actions/list-workflow-runs", "actions:read")
@plays("actions/list-workflow-runs-for-repo", "actions:read")
def _list_runs(call: Call) -> Reply:
    repository = call.repository()
    path = _path(call, repository) if "workflow_id" in call.arguments else None
    since = call.query.get("created", "").removeprefix(">=")
    if not re.fullmatch(r"[0-9T:Z+-]*", since):
        raise Refusal(422, "created: only >= and a time is played")
    found = [
        run
        for run in reversed(repository.runs)
        if path in {None, run.workflow}
        and run.created_at >= since
        and call.query.get("event", "workflow_dispatch") == "workflow_dispatch"
    ]
    shown = [_shown_run(call, repository, run) for run in call.page(found)]
    return 200, {"total_count": len(found), "workflow_runs": shown}


@plays("actions/get-workflow-run", "actions:read")
def _get_run(call: Call) -> Reply:
    repository = call.repository()
    for run in repository.runs:
        if str(run.id) == call.arguments["run_id"]:
            return 200, _shown_run(call, repository, run)
    raise not_found()


def _paths(repository: Repository) -> list[str]:
    """Return the workflow files of the default branch: others are not known to GitHub."""
    if not repository.heads:
        return []
    listed = git.listing(repository.folder, repository.default_branch, workflows.FOLDER) or []
    names = sorted(name for _, _, name, _ in listed if name.endswith((".yml", ".yaml")))
    return [f"{workflows.FOLDER}/{name}" for name in names]


def _path(call: Call, repository: Repository) -> str:
    wanted = call.arguments["workflow_id"]
    for number, path in enumerate(_paths(repository), 1):
        if wanted in {path.rsplit("/", 1)[-1], path, str(number)}:
            return path
    raise not_found()


def _shown_workflow(call: Call, repository: Repository, path: str) -> dict[str, Any]:
    number = _paths(repository).index(path) + 1
    content = git.read(repository.folder, repository.default_branch, path) or b""
    return {
        "id": number,
        "name": workflows.parse(content, path).name,
        "path": path,
        "state": "active",
        "url": f"{call.api}/repos/{repository.full_name}/actions/workflows/{number}",
    }


def _shown_run(call: Call, repository: Repository, run: Run) -> dict[str, Any]:
    place = f"{repository.full_name}/actions/runs/{run.id}"
    return {
        "id": run.id,
        "name": run.name,
        "display_title": run.title,
        "event": "workflow_dispatch",
        "status": run.status,
        "conclusion": run.conclusion,
        "head_branch": run.ref,
        "head_sha": run.commit,
        "path": run.workflow,
        "created_at": run.created_at,
        "url": f"{call.api}/repos/{place}",
        "html_url": f"{call.hub.url}/{place}",
    }
