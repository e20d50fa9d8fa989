"""The doctor looks at the stacks as they are deployed, over real requests."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from generator.doctor.accounts import Accounts
from generator.doctor.examination import Examination
from generator.doctor.examine import examine
from generator.doctor.findings import Finding, Status
from tests.chain.emulator import REGION
from tests.chain.stage import GOVERNANCE, SHARED, Stage

pytestmark = pytest.mark.xdist_group("chain")

STAGES = ("444455556666", "555566667777")


def looked(stage: Stage, *accounts: str) -> list[Finding]:
    """What the doctor finds with credentials of these accounts; its profiles have their names."""

    def make_client(service: str, region: str | None, profile: str | None) -> Any:
        # The stand-ins of DataZone and the registry know one project each, and no domain.
        if service == "datazone":
            raise EndpointConnectionError(endpoint_url="no domain is here")
        assert region == REGION
        return stage.emulator.client(service, profile or SHARED)

    def begin(config: Any) -> Examination:
        return Examination(file, config, Accounts(accounts, REGION, make_client))

    file = stage.folder / "aiops.toml"
    return list(examine(file, begin))


def checks(findings: list[Finding], status: Status) -> set[tuple[str, str]]:
    """Area and name of the checks that found something of a status."""
    return {(one.area, one.check) for one in findings if one.found.status is status}


# What the emulator lacks: trails, and the log of a state machine. Its queues are asked without TLS,
# which their policy refuses. The plan is shown with a permission only that the App need not have.
LACKING = {
    ("Control plane", "state machines"),
    ("Control plane", "undelivered events"),
    ("GitHub", "plan"),
    ("Governance account", "CloudTrail trail"),
    ("Governance account", "undelivered events"),
}
DOMAIN = {("Domain", "domains"), ("Domain", "project profiles"), ("Domain", "users")}


def test_what_is_deployed_is_found_well(standing: Stage) -> None:
    """The doctor looks at the deployed stacks"""
    findings = looked(standing, GOVERNANCE, *STAGES)
    for one in findings:
        if one.found.status is not Status.OK:
            standing.say(f"{one.found.status}: {one.check}: {one.found.what}")
    # Nobody reads the topic of the governance account: this organization names no addresses.
    assert checks(findings, Status.PROBLEM) - LACKING == {("Governance account", "notifications")}
    assert checks(findings, Status.UNKNOWN) - LACKING == DOMAIN
    # Other scenes have projects that fail; nobody completes them.
    warned = checks(findings, Status.WARNING) - LACKING
    assert warned <= {("Control plane", "failed projects")}
    assert {
        ("AWS accounts", "GitHub's provider"),
        ("Control plane", "concurrency"),
        ("Control plane", "event bus"),
        ("Control plane", "event rules"),
        ("Control plane", "functions"),
        ("GitHub", "permissions"),
        ("GitHub", "secret of the token"),
        ("Governance account", "event rule"),
    } <= checks(findings, Status.OK)


def test_what_somebody_switched_off_is_named(standing: Stage) -> None:
    """Somebody disables the forwarding rule; the doctor names it"""
    events = standing.emulator.client("events", GOVERNANCE)
    events.disable_rule(Name="aiops-forward-projects")
    try:
        findings = looked(standing, GOVERNANCE)
    finally:
        events.enable_rule(Name="aiops-forward-projects")
    (found,) = [one.found for one in findings if one.check == "event rule"]
    assert found.status is Status.PROBLEM
    assert found.what == "the rule aiops-forward-projects is disabled"
    assert found.advice == "aws events enable-rule --name aiops-forward-projects"
    standing.say(f"{found.what}: {found.advice}")
