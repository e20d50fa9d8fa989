"""Takes a permission from a deployed role for a while: the emulator enforces IAM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.chain.stage import Stage

# What a statement has left when it loses its action: of no use to anybody here.
NOTHING = "sts:GetCallerIdentity"


@contextmanager
def without(action: str, stage: Stage, stack: str, role: str) -> Iterator[None]:
    """Let a role do without `action` meanwhile. role: the beginning of its logical id in `stack`.

    The action must be the only one of its statement, so that nothing else is lost.
    """
    deployed = stage.stacks[stack]
    (name,) = (
        physical
        for logical, (kind, physical) in deployed.resources.items()
        if kind == "AWS::IAM::Role" and logical.startswith(role)
    )
    iam = stage.emulator.client("iam", deployed.account)
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    before = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    poorer = {**before, "Statement": [_without(action, one) for one in before["Statement"]]}
    assert poorer != before, f"{name} was not allowed {action} at all"
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(poorer))
    stage.say(f"{name} loses {action}")
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(before))


def _without(action: str, statement: dict[str, Any]) -> dict[str, Any]:
    if action not in statement["Action"]:
        return statement
    assert statement["Action"] == action, f"more than {action} would be lost: {statement}"
    return {**statement, "Action": NOTHING}
