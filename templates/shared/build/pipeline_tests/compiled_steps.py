"""Looking things up in a compiled pipeline."""

from __future__ import annotations

import json
from typing import Any

from mlops.compile import CompiledPipeline


def all_steps(compiled: CompiledPipeline) -> list[dict[str, Any]]:
    """Every step, those inside conditions too, in order."""

    def within(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for step in steps:
            found.append(step)
            if step["Type"] == "Condition":
                found += within(step["Arguments"]["IfSteps"] + step["Arguments"]["ElseSteps"])
        return found

    return within(compiled.definition["Steps"])


def jobs(compiled: CompiledPipeline) -> list[dict[str, Any]]:
    """The steps that run code of this repository."""
    return [step for step in all_steps(compiled) if step["Type"] in ("Processing", "Training")]


def request(compiled: CompiledPipeline, name: str) -> dict[str, Any]:
    """The request of a step, by the step's name."""
    steps = {step["Name"]: step for step in all_steps(compiled)}
    return dict(steps[name]["Arguments"])


def inputs(compiled: CompiledPipeline, name: str) -> dict[str, dict[str, Any]]:
    """The S3 inputs of a step's job, or channels of its training, by name; a query has none."""
    job = request(compiled, name)
    if "ProcessingInputs" in job:
        return {item["InputName"]: item.get("S3Input", {}) for item in job["ProcessingInputs"]}
    return {
        item["ChannelName"]: item["DataSource"]["S3DataSource"] for item in job["InputDataConfig"]
    }


def places(compiled: CompiledPipeline, name: str) -> dict[str, Any]:
    """Where each input of a step comes from."""
    return {key: item.get("S3Uri") for key, item in inputs(compiled, name).items()}


def changed(before: CompiledPipeline, after: CompiledPipeline) -> set[str]:
    """Names of the steps whose own request differs."""

    def requests(compiled: CompiledPipeline) -> dict[str, str]:
        return {
            step["Name"]: json.dumps(
                {k: v for k, v in step["Arguments"].items() if not k.endswith("Steps")}
            )
            for step in all_steps(compiled)
        }

    one, other = requests(before), requests(after)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
