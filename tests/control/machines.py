"""The state machines for tests, and their expressions evaluated by jsonata."""

from __future__ import annotations

import atexit
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from generator.config.model import Wait
from generator.infrastructure.state_machine import failure_machine, state_machine

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
WAIT = Wait(limit_minutes=60, first_seconds=10, longest_seconds=120, backoff_rate=1.5)
HOME = "eu-west-1:111122223333"
ARNS = {
    "describe": f"arn:aws:lambda:{HOME}:function:describe",
    "seed_build": f"arn:aws:lambda:{HOME}:function:seed-build",
    "seed_deploy": f"arn:aws:lambda:{HOME}:function:seed-deploy",
    "bus": f"arn:aws:events:{HOME}:event-bus/aiops",
    "topic": f"arn:aws:sns:{HOME}:aiops",
}


def machine(wait: Wait = WAIT) -> dict[str, Any]:
    """The definition, as it goes to Step Functions."""
    made: dict[str, Any] = json.loads(json.dumps(state_machine(ARNS, wait)))
    return made


def telling(wait: Wait = WAIT) -> dict[str, Any]:
    """The definition of the state machine that tells of failures."""
    made: dict[str, Any] = json.loads(json.dumps(failure_machine(ARNS["topic"], wait)))
    return made


def targets(state: dict[str, Any]) -> Iterator[str]:
    """Every state that may come after `state`."""
    for member in ("Next", "Default"):
        if member in state:
            yield state[member]
    for rule in (*state.get("Choices", []), *state.get("Catch", [])):
        yield rule["Next"]


class BadExpression(AssertionError):
    """An expression cannot be evaluated with the variables that it is given."""


_EVALUATE = """
const jsonata = require("jsonata");
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", async line => {
  const [expression, bindings] = JSON.parse(line);
  let answer;
  try {
    const compiled = jsonata(expression);
    compiled.registerFunction("parse", value => JSON.parse(value));
    answer = { value: await compiled.evaluate({}, bindings) ?? null };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
});
"""


@cache
def _evaluator() -> subprocess.Popen[str]:
    """The library in a process of its own, which ends with this one."""
    process = subprocess.Popen(
        ["node", "-e", _EVALUATE],
        cwd=NODE_MODULES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.kill)
    return process


def evaluate(expression: str, variables: dict[str, Any]) -> Any:
    """The value of {% expression %} with `variables`, by the library that defines JSONata."""
    process = _evaluator()
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps([expression[2:-2], variables]) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise BadExpression(f"{expression}: {answer['error']}")
    return answer["value"]


def resolve(value: Any, bindings: dict[str, Any]) -> Any:
    """`value` (an object of the definition) with every expression in it evaluated."""
    if isinstance(value, str) and value.startswith("{%"):
        return evaluate(value, bindings)
    if isinstance(value, dict):
        return {name: resolve(inner, bindings) for name, inner in value.items()}
    return [resolve(inner, bindings) for inner in value] if isinstance(value, list) else value
