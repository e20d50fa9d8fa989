"""`aiops create --project ID --domain ID`: the same steps from a laptop, and a dry run of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.control import by_hand
from generator.control.by_hand import NotOurs
from generator.datazone import ProjectFailed, ProjectPending
from tests.control.stage import DOMAIN, PROJECT, configuration
from tests.control.world import BUILD, DEPLOY, TOKEN, World
from tests.generator.generator_stage import aiops, paths

IDS = {"project_id": PROJECT, "domain_id": DOMAIN}


def command(outside: World, folder: Path, *options: str) -> tuple[int, str, str]:
    """Run the command in a process of its own; what it prints is checked for secrets, too."""
    folder.mkdir(exist_ok=True)
    home = outside.config.github.git_url
    configuration(folder, api=home, web=home)
    done = aiops(
        "create",
        *("--project", PROJECT, "--domain", DOMAIN, *options),
        home=folder,
        AIOPS_GIT_TOKEN=TOKEN,
        **outside.datazone.environment,
    )
    outside.said += [done.stdout, done.stderr]
    return done.returncode, done.stdout, done.stderr


def test_a_dry_run_shows_what_would_be_and_changes_nothing(outside: World, tmp_path: Path) -> None:
    before = outside.github.state()
    code, out, err = command(outside, tmp_path / "home", "--dry-run", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["project"]["template"] == "regression"
    assert found["build"]["repository"] == BUILD
    assert (found["build"]["exists"], found["build"]["carries"]) == (True, None)
    assert found["build"]["files"] > 50
    assert (found["deploy"]["repository"], found["deploy"]["exists"]) == (DEPLOY, False)
    assert found["deploy"]["environments"] == {"dev": [], "test": [], "prod": []}
    assert "stages.prod.account_id" in found["missing"]
    assert outside.github.state() == before
    assert all(entry.method == "GET" for entry in outside.github.journal.entries)


def test_the_command_does_what_the_state_machine_does(outside: World, tmp_path: Path) -> None:
    # The command keeps GitHub's pace of one change a second: no need to wait for more of them.
    code, out, err = command(outside, tmp_path / "home", "--dry-run")
    assert code == 0, err
    assert "environments: dev: nobody; test: nobody; prod: nobody" in out
    assert "exists: no" in out
    assert "protected: yes" in out
    code, out, err = command(outside, tmp_path / "home")
    assert code == 0, err
    assert out.splitlines()[0] == f"House prices ({PROJECT})"
    assert f"/{BUILD}" in out
    assert f"/{DEPLOY}" in out
    assert "not known yet" in out
    assert "filling the build repository" in err
    assert "cicd-config.json" in paths(outside.github.repository(BUILD).folder)
    assert set(outside.github.repository(DEPLOY).environments) == {"dev", "test", "prod"}


@pytest.mark.parametrize(
    ("status", "error"),
    {"IN_PROGRESS": ProjectPending, "FAILED_DEPLOYMENT": ProjectFailed}.items(),
)
def test_a_project_that_is_not_ready_is_an_error(
    outside: World, status: str, error: type[Exception]
) -> None:
    details = {"overallDeploymentStatus": status}
    outside.datazone.records.project["environmentDeploymentDetails"] = details
    with pytest.raises(error, match=status):
        by_hand.create(IDS, outside.ports, lambda said: None)


def test_a_project_that_is_not_ours_is_an_error(outside: World) -> None:
    outside.datazone.records.profile["name"] = "Chess"
    with pytest.raises(NotOurs, match="'Chess'"):
        by_hand.preview(IDS, outside.ports)
