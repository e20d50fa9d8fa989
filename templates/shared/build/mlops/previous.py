"""Outputs of an earlier run that a run starts from, such as the vectors that it need not compute.

A pipeline asks for them by its parameters: `PreviousVectorsUri` is the output `vectors` of an
earlier run of whichever step has an output of that name. The default of such a parameter is what
the very first run starts from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from mlops.check.definition import Definition, Step, parse_reference, variables_in
from mlops.check.paths import PathError
from mlops.errors import CommandError

_PARAMETER = re.compile(r"Previous(?P<output>[A-Z]\w*)Uri")


def previous_outputs(definition: Definition) -> dict[str, tuple[str, str]]:
    """Step and output that each such parameter of the pipeline stands for.

    Raises `CommandError` for a parameter whose output no step has, or several have.
    """
    found = {}
    for name in definition.parameters:
        match = _PARAMETER.fullmatch(name)
        if match is None:
            continue
        output = match["output"].lower()
        steps = [step.name for step in definition.steps.values() if output in _outputs(step)]
        if len(steps) != 1:
            raise CommandError(
                f"parameter {name} stands for the output {output!r} of an earlier run, and "
                f"{'no step has' if not steps else 'the steps ' + ', '.join(steps) + ' have'} "
                "an output of that name: rename the parameter or the output"
            )
        found[name] = (steps[0], output)
    return found


def basis(definition: Definition, parameters: Mapping[str, Any]) -> str | None:
    """A digest of all that the steps which start from an earlier run are given beside that.

    Two runs with the same basis come to the same, so the second may start from where the first
    one started, and then reuses its results. None when no step starts from an earlier run.
    """
    previous = previous_outputs(definition)
    if not previous:
        return None
    producers = {step for step, _ in previous.values()}
    steps = [
        step
        for step in definition.order()
        if step.name in producers or _parameters(step) & previous.keys()
    ]
    used = set().union(*map(_parameters, steps)) - previous.keys()
    facts = {
        "steps": {step.name: step.arguments for step in steps},
        "parameters": {name: parameters.get(name) for name in sorted(used)},
    }
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _outputs(step: Step) -> set[str]:
    outputs = (step.arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    return {str(item["OutputName"]) for item in outputs}


def _parameters(step: Step) -> set[str]:
    """Names of the pipeline's parameters that the step's request refers to."""
    names = set()
    for _, variable in variables_in(step.arguments):
        try:
            reference = parse_reference(variable.get("Get"))
        except PathError:
            continue
        if reference.root == "Parameters":
            names.add(reference.name)
    return names
