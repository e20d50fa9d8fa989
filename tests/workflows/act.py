"""Runs a workflow on this machine with act: real workflow, real scripts, nothing of the cloud.

Actions are replaced by the stubs beside this file and commands by one recording shim, so that a
test sees the order of what happened, with which inputs and with which credentials.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflows.places import Place
from workflows.policy import ACTIONS

HERE = Path(__file__).resolve().parent
TOOLS = Path(sys.executable).parent
RUNNER = "ubuntu-24.04"
# Called straight from a workflow these would be recorded, and fail.
SHIMS = ("make", "record-action", "record-python", "aws", "cdk", "curl", "npm", "npx", "pip")

# How make targets answer, call by call: {"current": [{"prints": "…"}], "smoke": [{"exit": 1}]}.
Scenario = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Call:
    """One action or command that a workflow ran; folder: where, from the repository's root."""

    name: str
    job: str
    folder: str
    credentials: str
    arguments: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.name, *self.arguments])


@dataclass(frozen=True)
class Outcome:
    """What a workflow run did: results of jobs, calls in order, what it told people."""

    exit_code: int
    jobs: Mapping[str, str]
    calls: tuple[Call, ...]
    summary: str
    errors: tuple[str, ...]
    log: str

    def commands(self, job: str | None = None) -> list[str]:
        """The commands that ran, as text, in order; of one job, or of all."""
        return [
            str(call)
            for call in self.calls
            if call.name in ("make", "python") and job in (None, call.job)
        ]

    def action(self, name: str) -> list[Call]:
        """The uses of an action, in order."""
        return [call for call in self.calls if call.name == name]


def run_workflow(
    place: Place,
    workflow: str,
    event: str,
    folder: Path,
    *,
    inputs: Mapping[str, object] | None = None,
    default_branch: str = "main",
    scenario: Scenario | None = None,
) -> Outcome:
    """Run the role's `workflow` of a repository for an event; write in `folder` only.

    Every command must run in the folder of the role.
    """
    shims, home = folder / "shims", folder / "home"
    for path in (shims, home):
        path.mkdir(parents=True)
    for name in SHIMS:
        shutil.copy(HERE / "shims" / "record", shims / name)
    record, event_file = folder / "record.jsonl", folder / "event.json"
    record.touch()
    payload = {"inputs": dict(inputs or {}), "repository": {"default_branch": default_branch}}
    event_file.write_text(json.dumps(payload))
    variables = {
        "RECORD": record,
        "REPOSITORY_UNDER_TEST": place.repository,
        "SCENARIO": json.dumps(scenario or {}),
    }
    command = [
        str(TOOLS / "act"), event, "--workflows", f".github/workflows/{place.workflow(workflow)}",
        "--eventpath", str(event_file), "--platform", f"{RUNNER}=-self-hosted", "--json",
        "--no-skip-checkout", "--container-daemon-socket", "-", "--action-offline-mode",
        "--no-cache-server", "--action-cache-path", str(folder / "workspaces"),
    ]  # fmt: skip
    for name, value in variables.items():
        command += ["--env", f"{name}={value}"]
    for action, pin in ACTIONS.items():
        stub = HERE / "stubs" / action.split("/")[1]
        command += ["--local-repository", f"{action}@{pin.commit}={stub}"]
    done = subprocess.run(
        command,
        cwd=place.repository,
        env={
            "PATH": f"{shims}:{TOOLS}:/usr/bin:/bin",
            "HOME": str(home),
            # act asks its makers for news at every start; a test asks nobody.
            "ACT_DISABLE_VERSION_CHECK": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    outcome = Outcome(
        exit_code=done.returncode,
        jobs={line["jobID"]: line["jobResult"] for line in lines if "jobResult" in line},
        calls=tuple(
            Call(
                name=call["name"],
                job=call["job"],
                folder=call["folder"],
                credentials=call["credentials"],
                arguments=tuple(call.get("arguments", ())),
                inputs=call.get("inputs", {}),
            )
            for call in map(json.loads, record.read_text().splitlines())
        ),
        summary="\n".join(line["content"] for line in lines if line.get("command") == "summary"),
        # `::error title=…::message`, as the script wrote it.
        errors=tuple(
            line["raw"].split("::", 2)[2] for line in lines if line.get("command") == "error"
        ),
        log=done.stdout + done.stderr,
    )
    elsewhere = {
        str(call): call.folder
        for call in outcome.calls
        if call.name in ("make", "python") and call.folder != place.folder
    }
    assert not elsewhere, f"not in {place.folder or 'the root'}: {elsewhere}"
    return outcome
