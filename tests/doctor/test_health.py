"""When all is well the doctor says so of everything, and changes nothing."""

from __future__ import annotations

from generator.doctor.checks.all import CHECKS
from generator.doctor.findings import Status
from tests.doctor.world import GOVERNANCE, SHARED, World


def test_all_is_well(outside: World) -> None:
    findings = outside.look()
    unwell = [one for one in findings if one.found.status is not Status.OK]
    # GitHub does not say what a fine-grained token may.
    assert [(one.area, one.check) for one in unwell] == [("GitHub", "permissions")]
    assert unwell[0].found.status is Status.UNKNOWN
    said = {(one.area, one.check) for one in findings}
    assert said == {(check.area, check.name) for check in CHECKS} | {("Configuration", "file")}


def test_what_is_not_configured_is_no_gap(outside: World) -> None:
    outside.configure('prod = ["@acme-ml/governance", "@octocat"]', "")
    name, _, _ = outside.file.read_text().partition("PAGER_WEBHOOK")
    outside.file.write_text(name + outside.file.read_text().split('d4e5f6"', 1)[1])
    outside.look()
    for check in ("reviewers", "secrets"):
        (found,) = outside.of("GitHub", check)
        assert found.found.status is Status.OK
        assert "none are configured" in found.found.what


def test_each_account_is_asked_about_its_own(outside: World) -> None:
    outside.look()
    by_service = {(asked.operation.split(":")[0], asked.account) for asked in outside.aws.asked}
    assert ("cloudtrail", GOVERNANCE) in by_service
    assert ("cloudtrail", SHARED) not in by_service
    assert ("stepfunctions", SHARED) in by_service
    assert ("stepfunctions", GOVERNANCE) not in by_service
    assert ("datazone", SHARED) not in by_service


def test_credentials_are_asked_for_once(outside: World) -> None:
    outside.look()
    asked = [one for one in outside.aws.asked if one.operation == "sts:GetCallerIdentity"]
    assert len(asked) == len(outside.aws.credentials)


def test_the_secret_is_read_once(outside: World) -> None:
    outside.look()
    read = [
        asked.parameters["SecretId"]
        for asked in outside.aws.asked
        if asked.operation == "secretsmanager:GetSecretValue"
    ]
    assert len(read) == len(set(read))
