"""Finds, among the runs on this machine, the outputs that a new run starts from."""

import json
from collections.abc import Mapping
from typing import Any

from mlops.check.definition import Definition
from mlops.local.outcome import records
from mlops.local.store import LocalStore
from mlops.local.workspace import Workspace
from mlops.previous import basis, previous_outputs


def previous_values(
    definition: Definition,
    parameters: Mapping[str, Any],
    workspace: Workspace,
    store: LocalStore,
) -> dict[str, str]:
    """Values of the parameters that stand for outputs of an earlier run; empty when there is none.

    Taken from the newest run that has written all of them. If nothing has changed since that run
    started, it is what that run itself started from.
    """
    wanted = previous_outputs(definition)
    if not wanted:
        return {}
    own = basis(definition, parameters)
    for path in records(workspace):
        record = json.loads(path.read_text("utf-8"))
        if own == record.get("basis"):
            before = {name: record["parameters"].get(name, "") for name in wanted}
            if _all_exist(store, before):
                return before
        written = {
            name: _address(record["answers"], step, output)
            for name, (step, output) in wanted.items()
        }
        if _all_exist(store, written):
            return written
    return {}


def _address(answers: Mapping[str, Any], step: str, output: str) -> str:
    """Where the step of that run has written the output; empty when it has not."""
    outputs = (answers.get(step, {}).get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    return next((o["S3Output"]["S3Uri"] for o in outputs if o["OutputName"] == output), "")


def _all_exist(store: LocalStore, addresses: Mapping[str, str]) -> bool:
    return all(address and store.exists(address) for address in addresses.values())
