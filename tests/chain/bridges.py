"""Bridges what MiniStack 1.5.33 cannot do where a template enters it; the stacks stay as they are.

| in the template             | what MiniStack does         | what is done instead               |
|-----------------------------|-----------------------------|------------------------------------|
| a Lambda function in Python | runs it with its own Python | provided.al2023 with AWS's client  |
| AWS::Events::EventBusPolicy | does not know the type      | its statement goes to PutPermission|
| AWS::IAM::OIDCProvider      | does not know the type      | CreateOpenIDConnectProvider        |
| a Succeed state with Output | leaves the Output out       | a Pass state that ends with it     |

What it leaves out at run time is in `inside`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.chain.bundle import CUSTOM_RUNTIME
from tests.chain.emulator import Emulator

Document = dict[str, Any]
Bridge = Callable[[Emulator, str, Document], None]
FUNCTION, MACHINE = "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"


def bridged(template: Document) -> tuple[Document, list[tuple[Bridge, Document]]]:
    """Return the template as MiniStack takes it, and what is to be made besides, in order."""
    fit: Document = json.loads(json.dumps(template))
    besides = []
    for name, resource in list(fit["Resources"].items()):
        if resource["Type"] in BRIDGES:
            del fit["Resources"][name]
            besides.append((BRIDGES[resource["Type"]], resource["Properties"]))
            kept = {key: value for key, value in fit["Outputs"].items() if not _of(name, value)}
            fit["Outputs"] = kept
        elif resource["Type"] == FUNCTION:
            resource["Properties"]["Runtime"] = CUSTOM_RUNTIME
        elif resource["Type"] == MACHINE:
            machine = resource["Properties"]
            machine["DefinitionString"] = json.dumps(_passing(machine["DefinitionString"]))
    return fit, besides


def _of(resource: str, output: Document) -> bool:
    """Whether an output shows an attribute of the resource."""
    value = output["Value"]
    return isinstance(value, dict) and value.get("Fn::GetAtt", [""])[0] == resource


def _passing(definition: str) -> Document:
    """Return a state machine's definition whose Succeed states are Pass states that end it."""
    machine: Document = json.loads(definition)
    for state in machine["States"].values():
        if state["Type"] == "Succeed":
            state |= {"Type": "Pass", "End": True}
    return machine


def _admit(emulator: Emulator, account: str, policy: Document) -> None:
    statement = policy["Statement"]
    emulator.client("events", account).put_permission(
        EventBusName=statement["Resource"].rpartition("/")[2],
        StatementId=policy["StatementId"],
        Action=statement["Action"],
        Principal=statement["Principal"]["AWS"].split(":")[4],
    )


def _provide_identity(emulator: Emulator, account: str, provider: Document) -> None:
    emulator.client("iam", account).create_open_id_connect_provider(
        Url=provider["Url"], ClientIDList=provider["ClientIdList"], Tags=provider["Tags"]
    )


BRIDGES: dict[str, Bridge] = {
    "AWS::Events::EventBusPolicy": _admit,
    "AWS::IAM::OIDCProvider": _provide_identity,
}
