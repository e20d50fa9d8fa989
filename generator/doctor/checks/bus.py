"""The bus lets the governance account, or its organization, announce projects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.doctor.accounts import Absent
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem


def bus(examination: Examination) -> Iterator[Found]:
    """Its policy has a statement for whoever the configuration names."""
    names, governance = examination.names, examination.config.governance
    try:
        found = examination.shared.ask("events", "describe_event_bus", Name=names.bus)
    except Absent:
        yield problem(f"there is no event bus {names.bus}", "deploy the control plane: make deploy")
        return
    statements = json.loads(found.get("Policy") or '{"Statement": []}')["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    whom = (
        f"organization {governance.organization_id}"
        if governance.organization_id
        else f"account {governance.account}"
    )
    if any(_admits(one, governance.account, governance.organization_id) for one in statements):
        yield ok(f"{names.bus} takes events of {whom}")
    else:
        yield problem(f"{names.bus} takes no events of {whom}", "deploy again: make deploy")


def _admits(statement: dict[str, Any], account: str, organization: str | None) -> bool:
    actions = statement.get("Action", [])
    if statement.get("Effect") != "Allow" or "events:PutEvents" not in (
        [actions] if isinstance(actions, str) else actions
    ):
        return False
    principal = statement.get("Principal", {})
    told = principal.get("AWS", []) if isinstance(principal, dict) else principal
    named = [told] if isinstance(told, str) else told
    if organization is not None:
        conditions = statement.get("Condition", {}).get("StringEquals", {})
        asked = conditions.get("aws:PrincipalOrgID", [])
        return "*" in named and organization in ([asked] if isinstance(asked, str) else asked)
    return any(one == account or f":{account}:" in one for one in named)
