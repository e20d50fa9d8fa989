"""Workflow files as GitHub reads them before it starts a run: triggers, inputs, the run's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from generator.standins.github.errors import Refusal

FOLDER = ".github/workflows"
MOST_INPUTS, MOST_INPUTS_ON_SERVERS = 25, 10


@dataclass(frozen=True)
class Workflow:
    """A workflow file. inputs: of its workflow_dispatch trigger, None when it has none."""

    name: str
    run_name: str | None
    inputs: Mapping[str, Mapping[str, Any]] | None


def parse(content: bytes, path: str) -> Workflow:
    """Return the workflow in a file; refuses what is none."""
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise Refusal(422, f"{path}: invalid YAML: {error}") from None
    if not isinstance(document, dict) or "jobs" not in document:
        raise Refusal(422, f"{path}: no jobs are defined")
    # YAML 1.1 reads the key "on" as true.
    triggers = document.get("on", document.get(True))
    if isinstance(triggers, str):
        triggers = {triggers: None}
    elif isinstance(triggers, list):
        triggers = dict.fromkeys(triggers)
    inputs = None
    if isinstance(triggers, dict) and "workflow_dispatch" in triggers:
        inputs = (triggers["workflow_dispatch"] or {}).get("inputs") or {}
    return Workflow(document.get("name") or path, document.get("run-name"), inputs)


def accepted_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the inputs of a run, defaults filled in; refuses what GitHub refuses."""
    if workflow.inputs is None:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    unexpected = sorted(set(given) - set(workflow.inputs))
    if unexpected:
        raise Refusal(422, f"Unexpected inputs provided: {unexpected}")
    accepted = {}
    for name, declared in workflow.inputs.items():
        declared = declared or {}
        value = given.get(name, declared.get("default"))
        if declared.get("required") and (value is None or value == ""):
            raise Refusal(422, f"Required input '{name}' not provided")
        value = "" if value is None else value
        if isinstance(value, bool):
            value = str(value).lower()
        options = [str(option) for option in declared.get("options", [])]
        if declared.get("type") == "choice" and str(value) not in options:
            raise Refusal(
                422,
                f"Provided value '{value}' for input '{name}' not in the list of allowed values",
            )
        if declared.get("type") == "boolean" and str(value) not in {"true", "false", ""}:
            raise Refusal(422, f"Provided value '{value}' for input '{name}' is not a boolean")
        accepted[name] = str(value)
    return accepted


def title(workflow: Workflow, inputs: Mapping[str, str]) -> str:
    """Return what a run is called: the run's name with its inputs, or else the workflow's."""

    def value(found: re.Match[str]) -> str:
        return inputs.get(found[1], "")

    expression = r"\$\{\{\s*(?:github\.event\.)?inputs\.([A-Za-z0-9_-]+)\s*\}\}"
    return re.sub(expression, value, workflow.run_name or workflow.name)
