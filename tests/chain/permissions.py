"""Takes a permission from a deployed role for a while: IAM is enforced by the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.chain.stage import SHARED, Stage

READ = "secretsmanager:GetSecretValue"


@contextmanager
def without_secrets(stage: Stage, step: str) -> Iterator[None]:
    """Let the role of a step (the beginning of its logical id) read no secret meanwhile."""
    iam = stage.emulator.client("iam", SHARED)
    role = _role(stage, step)
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    poorer = {**policy, "Statement": [_poorer(statement) for statement in policy["Statement"]]}
    assert poorer != policy
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(poorer))
    stage.say(f"{role} may not read secrets any more")
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def _role(stage: Stage, step: str) -> str:
    (role,) = (
        physical
        for logical, (kind, physical) in stage.stacks["aiops-control-plane"].resources.items()
        if kind == "AWS::IAM::Role" and logical.startswith(f"{step}Role")
    )
    return role


def _poorer(statement: dict[str, Any]) -> dict[str, Any]:
    actions = statement["Action"]
    if READ not in actions:
        return statement
    assert actions == READ, "another permission would be lost too"
    # A statement must have an action; this one is of no use to anybody.
    return {**statement, "Action": "secretsmanager:ListSecrets"}
