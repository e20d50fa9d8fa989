"""What cannot be looked at is named with what it takes, and does not stop the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.doctor.findings import Finding, Status
from generator.standins.github import Fault
from tests.doctor.aws_accounts import Refused
from tests.doctor.world import GOVERNANCE, SHARED, TOKEN, TOKEN_ARN, World

UNKNOWN, PROBLEM, OK = Status.UNKNOWN, Status.PROBLEM, Status.OK


def operations() -> list[str]:
    """All that the doctor asks AWS, by the answers of a healthy organization."""
    from tests.doctor.world import healthy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generator.config.load", lambda file: _any_configuration())
        return sorted(healthy(World(Path(), None, None)))  # type: ignore[arg-type]


def _any_configuration() -> Any:
    import tempfile

    from generator.config.loading import load
    from tests.doctor.world import CONFIGURATION

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "aiops.toml")
        file.write_text(CONFIGURATION.replace("GITHUB", "https://github.com"))
        return load(file)


@pytest.mark.parametrize("operation", operations())
def test_a_permission_that_is_missing_is_named(outside: World, operation: str) -> None:
    outside.aws.answers[operation] = Refused("AccessDeniedException", "not for you")
    outside.look()
    service, _, name = operation.partition(":")
    action = f"{'states' if service == 'stepfunctions' else service}:{name}"
    hidden = [one for one in outside.findings if one.found.status is UNKNOWN]
    assert any(action in (one.found.needs or "") for one in hidden), [str(one) for one in hidden]
    assert not [one for one in outside.findings if one.found.status is PROBLEM]


def test_without_any_credentials_all_of_aws_is_left_out(outside: World) -> None:
    outside.aws.credentials.clear()
    outside.look()
    assert {one.found.status for one in outside.findings} == {OK, UNKNOWN}
    assert statuses(outside, "Configuration") == {OK}
    assert statuses(outside, "GitHub") == {UNKNOWN}
    (found,) = outside.of("AWS accounts", "credentials")
    assert f"{GOVERNANCE} (governance)" in found.found.what
    assert f"{SHARED} (shared services)" in found.found.what
    assert "aiops doctor --profile" in (found.found.needs or "")


def test_with_a_token_of_ones_own_github_is_looked_at(
    outside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.aws.credentials.clear()
    monkeypatch.setenv("AIOPS_GIT_TOKEN", TOKEN)
    outside.look()
    (token,) = outside.of("GitHub", "token")
    assert token.found.status is OK
    assert "AIOPS_GIT_TOKEN" in token.found.what
    assert [one.found.status for one in outside.of("GitHub", "reviewers")] == [OK, OK]
    (secret,) = outside.of("GitHub", "secret of the token")
    assert secret.found.status is UNKNOWN


def test_credentials_of_another_account_are_named(outside: World) -> None:
    outside.aws.credentials = {None: "999900001111"}
    outside.look()
    (found,) = outside.of("AWS accounts", "credentials")
    assert found.found.status is UNKNOWN
    assert "there are those of 999900001111" in found.found.what
    assert {asked.operation for asked in outside.aws.asked} == {"sts:GetCallerIdentity"}


def test_one_account_is_looked_at_without_the_others(outside: World) -> None:
    outside.aws.credentials = {None: GOVERNANCE}
    outside.look()
    assert statuses(outside, "Governance account") == {OK}
    assert statuses(outside, "Control plane") == {UNKNOWN}
    assert {asked.account for asked in outside.aws.asked} == {GOVERNANCE}


def test_a_profile_that_cannot_be_used_is_a_warning(outside: World) -> None:
    def expired(profile: str | None) -> bool:
        return profile == "prod"

    make = outside.aws.make_client

    def make_client(service: str, region: str | None, profile: str | None) -> Any:
        from botocore.exceptions import ProfileNotFound

        if expired(profile):
            raise ProfileNotFound(profile=profile)
        return make(service, region, profile)

    outside.aws.make_client = make_client  # type: ignore[method-assign]
    outside.look()
    warned = [one.found for one in outside.findings if one.found.status is Status.WARNING]
    assert [one.what.startswith("the profile prod cannot be used") for one in warned] == [True]


def test_github_that_is_away_is_no_problem_of_the_configuration(outside: World) -> None:
    with outside.github.away():
        outside.look()
    assert statuses(outside, "GitHub") == {OK, UNKNOWN}  # the secrets are in AWS
    (token,) = outside.of("GitHub", "token")
    assert "is not usable" in token.found.what
    assert statuses(outside, "Control plane") == {OK}


def test_a_fault_of_github_stops_one_check_only(outside: World) -> None:
    outside.github.faults.add(Fault("500", on="users/get-by-username", times=9))
    outside.look()
    assert [one.found.status for one in outside.of("GitHub", "reviewers")] == [OK, UNKNOWN]
    assert [one.found.status for one in outside.of("GitHub", "plan")] == [OK]


def test_a_token_that_may_not_see_teams_is_told_which_permission(outside: World) -> None:
    seen = {
        name: level
        for name, level in outside.github.tokens[TOKEN].permissions.items()
        if name not in {"members", "organization_plan"}
    }
    outside.github.tokens[TOKEN].permissions = seen
    outside.look()
    team = outside.of("GitHub", "reviewers")[0].found
    assert (team.status, team.needs) == (UNKNOWN, "members: read")
    (plan,) = outside.of("GitHub", "plan")
    assert (plan.found.status, plan.found.needs) == (UNKNOWN, "organization_plan: read")


def test_services_that_fail_are_not_taken_for_missing(outside: World) -> None:
    for operation in outside.aws.answers:
        outside.aws.answers[operation] = Refused("InternalServiceError", "try later")
    outside.look()
    assert not [one for one in outside.findings if one.found.status is PROBLEM]


def test_no_token_in_the_secret_is_said_once(outside: World) -> None:
    outside.secrets[TOKEN_ARN] = '{"tokens": "x"}'
    outside.look()
    problems = [one.check for one in outside.findings if one.found.status is PROBLEM]
    assert problems == ["secret of the token", "token"]


def statuses(outside: World, area: str) -> set[Status]:
    found: list[Finding] = [one for one in outside.findings if one.area == area]
    return {one.found.status for one in found}
