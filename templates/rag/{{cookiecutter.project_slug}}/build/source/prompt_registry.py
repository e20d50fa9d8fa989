"""Registers the prompts of a build with MLflow, so that their versions can be compared and found.

MLflow counts versions of its own; ours, and the file's hash, are tags. A prompt whose newest
registered version has the same hash is not registered again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from source.prompts import SLOT, Prompt

HASH = "sha256"


def register_prompts(prompts: Iterable[Prompt], project: str | None = None) -> dict[str, int]:
    """MLflow's version of each prompt, by the name it is registered under.

    Nothing is registered, and nothing returned, where MLFLOW_TRACKING_URI is not set or the
    server has no prompt registry.
    """
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return {}
    prefix = project or os.environ.get("PROJECT_NAME") or "rag"
    client = MlflowClient()
    versions = {}
    for prompt in prompts:
        name = registered_name(prefix, prompt.name)
        try:
            versions[name] = _register(client, name, prompt)
        except MlflowException as error:
            print(f"prompt {prompt.name} is not registered: {error}", flush=True)
    return versions


def registered_name(project: str, name: str) -> str:
    """The name of a project's prompt in the registry."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', project).strip('-')}.{name}"


def _register(client: MlflowClient, name: str, prompt: Prompt) -> int:
    latest = mlflow.genai.load_prompt(f"prompts:/{name}@latest", allow_missing=True)
    if latest is not None and latest.tags.get(HASH) == prompt.sha256:
        return int(latest.version)
    registered = mlflow.genai.register_prompt(
        name=name,
        template=[
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": _template(prompt.user)},
        ],
        commit_message=f"{prompt.name} version {prompt.version}",
        tags={HASH: prompt.sha256, "version": str(prompt.version)},
    )
    return int(registered.version)


def _template(text: str) -> str:
    """Our slots in MLflow's notation, which are names in double braces."""

    def slot(found: re.Match[str]) -> str:
        name = found.group(1)
        return "{{ " + name + " }}" if name else found.group(0)[0]

    return SLOT.sub(slot, text)
