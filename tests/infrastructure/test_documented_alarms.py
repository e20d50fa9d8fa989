"""Every alarm of the stacks has its row among the operations; the doctor looks at all of them."""

from __future__ import annotations

import pytest
from conftest import CHECKOUT
from documentation.pages import DOCS, codes, rows

from infrastructure.templates import Template

# One worker: the stacks are synthesized once.
pytestmark = pytest.mark.xdist_group("infrastructure")

PAGE = DOCS / "operations.md"


def named(stacks: dict[str, Template], kind: str, member: str) -> set[str]:
    """Names of the resources of a type, without the prefix."""
    return {
        str(properties[member]).removeprefix("aiops-")
        for template in stacks.values()
        for properties in template.of_type(kind).values()
        if member in properties
    }


def test_every_alarm_has_a_row(full: dict[str, Template]) -> None:
    documented = [name for row in rows(PAGE, "alarm") for name in codes(row["alarm"])]
    assert sorted(documented) == sorted(named(full, "CloudWatch::Alarm", "AlarmName"))
    assert all(row["what to do"] and row["look at"] for row in rows(PAGE, "alarm", "look at"))


def test_every_queue_is_one_that_the_doctor_looks_at(full: dict[str, Template]) -> None:
    from generator.doctor.checks.queues import OF_GOVERNANCE, OF_SHARED_SERVICES

    looked_at = {f"{name}-undelivered" for name in (*OF_GOVERNANCE, *OF_SHARED_SERVICES)}
    assert looked_at == named(full, "SQS::Queue", "QueueName")


def test_every_rule_and_function_is_one_that_the_doctor_looks_at(
    full: dict[str, Template],
) -> None:
    from generator.doctor.checks.functions import ALL

    source = (CHECKOUT / "generator/doctor/checks/rules.py").read_text()
    rules = named(full, "Events::Rule", "Name")
    assert rules == {name for name in rules if f'"{name}"' in source}
    functions = named(full, "Lambda::Function", "FunctionName")
    assert functions == {spec.name.replace("_", "-") for spec in ALL}
