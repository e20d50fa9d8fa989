"""What the workflows of a rendered repository must and must not do; each breach is a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml


class Pin(NamedTuple):
    """A released version of an action and the commit that its tag points to."""

    version: str
    commit: str


# The one table of actions: every workflow uses these versions, at these commits.
ACTIONS = {
    "actions/checkout": Pin("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/setup-python": Pin("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "actions/upload-artifact": Pin("v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
    "aws-actions/configure-aws-credentials": Pin(
        "v6.2.3", "e6de054238d6b7531b4efff3b6587d9aade6a06c"
    ),
}

USES = re.compile(r"^\s*(?:- )?uses: (?P<action>\S+)(?P<comment>.*)$", re.MULTILINE)
OUTSIDE = re.compile(r"\$\{\{[^}]*\b(?:inputs|github\.(?:event|head_ref|base_ref|ref_name))\b")
CREDENTIALS = "aws-actions/configure-aws-credentials"
# Where text from outside may stand: never in a script, never in an action's inputs.
SAFE_KEYS = {"env", "environment", "group", "name", "run-name"}


@dataclass(frozen=True)
class Workflow:
    """A workflow's text and what YAML makes of it."""

    text: str

    @property
    def data(self) -> dict[str, Any]:
        # BaseLoader keeps every scalar as text: `on` stays a key, `false` stays as written.
        loaded = yaml.load(self.text, Loader=yaml.BaseLoader)
        assert isinstance(loaded, dict)
        return loaded

    @property
    def triggers(self) -> set[str]:
        on = self.data["on"]
        return {on} if isinstance(on, str) else set(on)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        return dict(self.data["jobs"])

    @property
    def runs_foreign_code(self) -> bool:
        """Whether code of a pull request may run in it."""
        return bool(self.triggers & {"pull_request", "workflow_call"})


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a job; a job that calls a workflow has none."""
    return list(job.get("steps", []))


def breaches(text: str) -> list[str]:
    """Every breach in a workflow, as sentences; an empty list means it is as it should be."""
    workflow = Workflow(text)
    return [
        *_triggers(workflow),
        *_pins(workflow),
        *_permissions(workflow),
        *_credentials(workflow),
        *_untrusted_text(workflow),
        *_limits(workflow),
    ]


def _triggers(workflow: Workflow) -> Iterator[str]:
    for trigger in sorted(workflow.triggers & {"pull_request_target", "workflow_run"}):
        yield f"{trigger} gives a pull request's code the repository's rights"


def _pins(workflow: Workflow) -> Iterator[str]:
    for match in USES.finditer(workflow.text):
        name, _, reference = match["action"].partition("@")
        if name.startswith("./"):
            continue
        if not re.fullmatch(r"[0-9a-f]{40}", reference):
            yield f"{match['action']} is not pinned by a commit"
            continue
        pin = ACTIONS.get(name)
        if pin is None:
            yield f"{name} is not in the table of actions"
        elif reference != pin.commit:
            yield f"{name} is at {reference}, the table says {pin.commit}"
        elif match["comment"].strip() != f"# {pin.version}":
            yield f"{name} has no comment with its version {pin.version}"


def _permissions(workflow: Workflow) -> Iterator[str]:
    if workflow.data.get("permissions") != {}:
        yield "the workflow does not start from `permissions: {}`"
    for name, job in workflow.jobs.items():
        granted = job.get("permissions")
        if not isinstance(granted, dict):
            yield f"job {name} does not list its permissions"
            continue
        for scope, level in granted.items():
            if level == "write" and scope != "id-token":
                yield f"job {name} may write {scope}"


def _credentials(workflow: Workflow) -> Iterator[str]:
    if re.search(r"\bsecrets\b", re.sub(r"(?m)#.*$", "", workflow.text)):
        yield "it uses a secret: everything it needs is in cicd-config.json"
    for name, job in workflow.jobs.items():
        permissions = job.get("permissions")
        token = isinstance(permissions, dict) and permissions.get("id-token") == "write"
        asks = any(step.get("uses", "").startswith(CREDENTIALS) for step in steps(job))
        if workflow.runs_foreign_code and (token or asks or "environment" in job):
            yield f"job {name} gives code of a pull request a way to credentials"
        if token and "environment" not in job:
            yield f"job {name} can ask for credentials outside an environment"
        if asks and not token:
            yield f"job {name} assumes a role without id-token"
        if token and not asks:
            yield f"job {name} has id-token and assumes no role"
        if token and any("actions/cache" in step.get("uses", "") for step in steps(job)):
            yield f"job {name} restores a cache where it has credentials"


def _untrusted_text(workflow: Workflow) -> Iterator[str]:
    for name, job in workflow.jobs.items():
        for step in steps(job):
            if "${{" in step.get("run", ""):
                yield f"job {name} puts an expression into a script: pass it through env"
            uses = step.get("uses", "")
            if uses.startswith("actions/checkout@") and (
                step.get("with", {}).get("persist-credentials") != "false"
            ):
                yield f"job {name} leaves the token in the checkout"
        for path, value in _scalars(job):
            if OUTSIDE.search(value) and not SAFE_KEYS & set(path):
                yield f"job {name} uses text from outside in {'.'.join(path)}"


def _limits(workflow: Workflow) -> Iterator[str]:
    if "concurrency" not in workflow.data:
        yield "it has no concurrency group"
    elif not workflow.runs_foreign_code and (
        workflow.data["concurrency"].get("cancel-in-progress") != "false"
    ):
        yield "a run that acts in the cloud may be cut off by the next one"
    for name, job in workflow.jobs.items():
        if "uses" in job:
            continue
        if "timeout-minutes" not in job:
            yield f"job {name} has no timeout"
        if "latest" in job.get("runs-on", ""):
            yield f"job {name} runs on whatever is latest"


def _scalars(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _scalars(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner, path)
    else:
        yield path, str(value)
