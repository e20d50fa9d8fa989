"""Lets services of the emulator act with the roles that they were given, and with no more.

MiniStack enforces IAM for what is asked from outside; what EventBridge and Step Functions do of
themselves it does unasked. Here each delivery and each task needs what it needs in AWS: a role
that the service may assume for that very rule or machine, and that may do this to that target; or,
for a function that a rule calls, a permission of the function. Runs in MiniStack's environment.
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator as iam
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, stepfunctions
from ministack.services import iam as iam_service

Document = dict[str, Any]
log = logging.getLogger("service_roles")

EVENTS, STATES = "events.amazonaws.com", "states.amazonaws.com"
# What a rule does to a target with its role, by the target's service.
DELIVERIES = {"events": "events:PutEvents", "states": "states:StartExecution"}
# What a task does, and what to: by the end of its resource.
TASKS: dict[str, tuple[str, Callable[[Document], list[str]]]] = {
    "states:::lambda:invoke": ("lambda:InvokeFunction", lambda given: [given["FunctionName"]]),
    "states:::sns:publish": ("sns:Publish", lambda given: [given["TopicArn"]]),
    "states:::events:putEvents": (
        "events:PutEvents",
        lambda given: [entry["EventBusName"] for entry in given["Entries"]],
    ),
}
_machine: contextvars.ContextVar[Document] = contextvars.ContextVar("machine")


def enforce() -> None:
    """Check rules and state machines from now on."""
    _check_rules()
    _check_machines()


def _check_rules() -> None:
    deliver = eventbridge._invoke_target

    def checked(target: Document, event: Document, rule: Document, *more: Any) -> None:
        service = target["Arn"].split(":")[2]
        source = {"aws:sourcearn": rule["Arn"], "aws:sourceaccount": get_account_id()}
        refusal = None
        if service in DELIVERIES:
            role = target.get("RoleArn", "")
            refusal = _refusal(role, EVENTS, source, DELIVERIES[service], target["Arn"])
        elif service == "lambda":
            refusal = _function_refusal(target["Arn"], source)
        if refusal:
            log.error("%s: not delivered: %s", rule["Arn"], refusal)
            return
        deliver(target, event, rule, *more)

    eventbridge._invoke_target = checked


def _check_machines() -> None:
    run, act = stepfunctions._run_execution, stepfunctions._invoke_resource

    def run_as(execution: str) -> None:
        machine = stepfunctions._executions[execution]["stateMachineArn"]
        _machine.set(stepfunctions._state_machines[machine])
        # Services talk to each other over TLS, whoever has started the execution and how.
        iam.pin_request_origin("127.0.0.1", True)
        iam._request_caller_arn.set(_assumed(_machine.get()["roleArn"]))
        run(execution)

    def act_as(resource: str, given: Document) -> Any:
        machine = _machine.get()
        source = {
            "aws:sourcearn": machine["stateMachineArn"],
            "aws:sourceaccount": get_account_id(),
        }
        action, targets = TASKS[resource.split(":", 2)[2]]
        for target in targets(given):
            refusal = _refusal(machine["roleArn"], STATES, source, action, target)
            if refusal:
                service = action.partition(":")[0].capitalize()
                raise stepfunctions._ExecutionError(f"{service}.AccessDeniedException", refusal)
        return act(resource, given)

    stepfunctions._run_execution = run_as
    stepfunctions._invoke_resource = act_as


def _refusal(role: str, service: str, source: Document, action: str, resource: str) -> str | None:
    """Why a service may not do something with a role; None when it may."""
    account, name = role.split(":")[4], role.rpartition("/")[2]
    found = iam_service._roles.get_scoped(account, None, name)
    if found is None:
        return f"there is no role {role}"
    if not _may_assume(service, found["AssumeRolePolicyDocument"], _asked(role, source)):
        return f"{service} may not assume {role} for {source['aws:sourcearn']}"
    asked = _asked(role, {}, action, resource)
    if iam.evaluate(asked, iam._gather_role_policies(name, account)).decision != "Allow":
        return f"{_assumed(role)} is not authorized to perform: {action} on resource: {resource}"
    return None


def _function_refusal(arn: str, source: Document) -> str | None:
    function, _, name = lambda_svc._get_func_record_for_ref(arn)
    policy = function["policy"] if function else None
    asked = _asked("", source, "lambda:InvokeFunction", arn)
    if iam.evaluate_resource_policy(policy, asked, service=EVENTS).decision == "Allow":
        return None
    return f"{name} does not let {EVENTS} call it for {source['aws:sourcearn']}"


def _may_assume(service: str, trust: Any, asked: iam.EvalContext) -> bool:
    document = trust if isinstance(trust, dict) else json.loads(trust)
    named = [
        statement
        for statement in document["Statement"]
        if statement["Principal"].get("Service") == service
    ]
    # Conditions are the evaluator's; it lets services through as the account's root.
    root = f"arn:aws:iam::{get_account_id()}:root"
    return bool(iam.evaluate_trust_policy({"Statement": named}, root, asked))


def _asked(
    role: str, context: Document, action: str = "sts:AssumeRole", resource: str = "*"
) -> iam.EvalContext:
    return iam.EvalContext(
        principal_arn=_assumed(role) if role else "",
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context=context,
    )


def _assumed(role: str) -> str:
    return f"{role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/service"
