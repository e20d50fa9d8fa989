"""Synthesizing: everything or nothing, always the same, and the rules are really looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CHECKOUT, run

from infrastructure.environment import cdk_python
from infrastructure.templates import Template, read_all

pytestmark = pytest.mark.xdist_group("infrastructure")


def test_the_same_configuration_gives_the_same_bytes(
    assemblies: Path, full: dict[str, Template]
) -> None:
    again = read_all(assemblies / "again")
    assert {name: template.text for name, template in again.items()} == {
        name: template.text for name, template in full.items()
    }


def test_stacks_are_bound_to_their_accounts(full: dict[str, Template], assemblies: Path) -> None:
    manifest = json.loads((assemblies / "full" / "manifest.json").read_text())
    places = {
        name: artifact["environment"]
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert set(places) == set(full)
    assert places["aiops-governance"] == "aws://111122223333/eu-west-1"
    for stack in ("aiops-control-plane", "aiops-approval"):
        assert places[stack] == "aws://222233334444/eu-west-1"
    for name, artifact in manifest["artifacts"].items():
        if name in places:
            assert artifact["properties"]["terminationProtection"] is True


def test_a_stack_that_breaks_security_rules_is_not_written(findings: str) -> None:
    assert "AwsSolutions-SQS4" in findings, "a queue that takes plain connections"
    assert "AwsSolutions-IAM5[Resource::arn:aws:s3:::bucket/*]" in findings, "a new wildcard"


def test_without_a_package_nothing_is_written(tmp_path: Path) -> None:
    kept = tmp_path / "cdk.out" / "kept"
    kept.parent.mkdir()
    kept.write_text("as it was")
    done = run(
        cdk_python(),
        *("-m", "generator.infrastructure", "--package", "nowhere.zip"),
        cwd=tmp_path,
        PYTHONPATH=str(CHECKOUT),
    )
    assert done.returncode == 2
    assert "'nowhere.zip': there is no such file; run make package" in done.stdout
    assert kept.read_text() == "as it was"


def test_a_configuration_that_is_not_there_stops_it(tmp_path: Path) -> None:
    done = run(
        cdk_python(),
        *("-m", "generator.infrastructure", "--config", "mine.toml"),
        cwd=tmp_path,
        PYTHONPATH=str(CHECKOUT),
    )
    assert done.returncode == 2
    assert "--config 'mine.toml': there is no such file" in done.stdout
