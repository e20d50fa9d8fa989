"""Starts a workflow, once: the run is found again by the title that its inputs give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from generator.errors import InputError, shown
from generator.github.transport import SETTLING, Api, repository_path

# GitHub's limits, the second of Enterprise Servers.
MOST_INPUTS, MOST_INPUTS_ON_SERVERS = 25, 10


@dataclass(frozen=True)
class Run:
    """A run of a workflow. id and url are None where GitHub does not tell which run it started.

    started: by this call; otherwise it was found.
    """

    id: int | None
    url: str | None
    started: bool


def dispatch(
    api: Api,
    repository: str,
    workflow: str,
    ref: str,
    inputs: Mapping[str, str],
    *,
    title: str | None = None,
    since: datetime | None = None,
) -> Run:
    """Start `workflow` (its file's name) on the branch `ref`, unless it was started before.

    title: the run's name as the workflow's `run-name` makes it from the inputs; None: any run. A
    run of that title that was created at `since` or later is this one, whatever became of it.
    Without both a lost answer is raised as GitHubUnavailable, whose `may_have_acted` is set.
    Raises InputError for inputs that cannot be sent, and what Api.request raises.
    """
    most = MOST_INPUTS_ON_SERVERS if api.instance.is_enterprise_server else MOST_INPUTS
    if len(inputs) > most:
        raise InputError(f"{workflow} is given {len(inputs)} inputs; GitHub takes {most}")
    path = repository_path(repository, "actions", "workflows", workflow)
    body: dict[str, Any] = {"ref": ref, "inputs": dict(inputs)}
    if not api.instance.is_enterprise_server:
        body["return_run_details"] = True

    def look() -> Run | None:
        return find_run(api, repository, workflow, title, since)

    def act() -> Run:
        started = api.request("POST", f"{path}/dispatches", body).body
        if started:
            return Run(started["workflow_run_id"], started["html_url"], started=True)
        return Run(None, None, started=True)

    if title is None and since is None:
        return act()
    run = api.once(look, act)
    return run if run.id is not None else _identified(api, run, look)


def find_run(
    api: Api, repository: str, workflow: str, title: str | None, since: datetime | None
) -> Run | None:
    """Return the newest run of `workflow` that a dispatch started, with that title if any."""
    if since is not None and since.tzinfo is None:
        raise InputError(f"since = {shown(str(since))} has no zone")
    query: dict[str, Any] = {"event": "workflow_dispatch"}
    if since is not None:
        query["created"] = f">={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    path = repository_path(repository, "actions", "workflows", workflow, "runs")
    for run in api.pages(path, "workflow_runs", **query):
        if title is None or run["display_title"] == title:
            return Run(run["id"], run["html_url"], started=False)
    return None


def _identified(api: Api, run: Run, look: Callable[[], Run | None]) -> Run:
    """Wait for GitHub to show the run that it started without saying which."""
    for pause in SETTLING:
        found = look()
        if found is not None:
            return Run(found.id, found.url, started=True)
        api.pause(pause)
    return run
