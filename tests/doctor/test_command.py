"""The command: lines or JSON, an exit code, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from generator.cli import cli
from generator.doctor import accounts
from tests.doctor.world import CANARY, TOKEN_ARN, World

Run = Callable[..., Result]


@pytest.fixture
def run(outside: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `aiops doctor`; its AWS is the stand-in."""
    real = accounts.Accounts.__init__

    def init(self: accounts.Accounts, profiles: tuple[str, ...], region: str) -> None:
        real(self, profiles, region, outside.aws.make_client)

    monkeypatch.setattr(accounts.Accounts, "__init__", init)
    everybody = ["--profile", "governance", "--profile", "test", "--profile", "prod"]

    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(
            cli, ["doctor", "--config", str(outside.file), *everybody, *arguments]
        )

    return ran


def test_all_is_well(run: Run) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    assert "Control plane\n" in done.output
    assert done.output.splitlines()[-1].startswith("0 problems, 0 warnings, 1 could not be checked")


def test_a_problem_is_exit_code_1_and_says_what_to_do(run: Run, outside: World) -> None:
    outside.aws.answers["cloudtrail:DescribeTrails"] = {"trailList": []}
    done = run()
    assert done.exit_code == 1
    lines = done.output.splitlines()
    (at,) = [number for number, line in enumerate(lines) if "no trail of" in line]
    assert lines[at].split()[:3] == ["problem", "CloudTrail", "trail:"]
    assert lines[at + 1].strip().startswith("do: create one: aws cloudtrail create-trail")


def test_json(run: Run, outside: World) -> None:
    outside.github.account("acme-ml").plan = "free"
    done = run("--json")
    assert done.exit_code == 0
    document = json.loads(done.output)
    assert document["counts"] == {
        "ok": len(document["findings"]) - 3, "warning": 2, "problem": 0, "could not check": 1,
    }  # fmt: skip
    plan = [one for one in document["findings"] if one["check"] == "plan"]
    assert {one["status"] for one in plan} == {"warning"}
    assert all(one["area"] and one["found"] and one["do"] for one in plan)


def test_a_missing_file_names_how_to_make_one(run: Run, outside: World) -> None:
    outside.file.unlink()
    done = run()
    assert done.exit_code == 1
    assert "`aiops config example FILE` writes one" in done.output


@pytest.mark.parametrize(
    "secret",
    [
        f'{{"token": "{CANARY} with spaces"}}',
        f'{{"token": "", "app_id": "{CANARY}!", "installation_id": "1", "private_key": "k"}}',
        f'{{"app_id": "1", "installation_id": "{CANARY}", "private_key": "k"}}',
        f'{{"app_id": "1", "installation_id": "1", "private_key": "{CANARY}"}}',
        f"not json {CANARY}",
        f'["{CANARY}"]',
    ],
)
def test_no_secret_is_printed_whatever_is_in_it(run: Run, outside: World, secret: str) -> None:
    outside.secrets[TOKEN_ARN] = secret
    for arguments in ([], ["--json"]):
        done = run(*arguments)
        assert done.exit_code == 1
        assert CANARY not in done.output
