"""The control plane and the reference's strategy do comparable work. Nothing here is timed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_stage import git
from rich.console import Console

from benchmarks.control_plane import (
    DOMAIN,
    REFERENCE,
    WARM,
    WAYS,
    ControlStage,
    ProjectCost,
    cold,
    reference,
    warm,
)
from benchmarks.control_report import CREATING, budgets, print_control_plane
from benchmarks.cost import Cost
from benchmarks.report import Measurements


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ControlStage]:
    with ControlStage(tmp_path) as running:
        yield running
        assert running.github.failures == []
        assert running.github.complaints == []


def tree(stage: ControlStage, name: str) -> list[str]:
    """The files of a repository but for the configuration, which names the repositories."""
    listed = git("ls-tree", "-r", "main", cwd=stage.github.repository(f"bench/{name}").folder)
    return [line for line in listed.splitlines() if not line.endswith("cicd-config.json")]


def test_both_fill_the_same_repositories(stage: ControlStage) -> None:
    costs = [way(stage) for way in (warm, cold, reference)]
    assert all(isinstance(cost, ProjectCost) for cost in costs)
    ours, _, theirs = costs
    trees = [
        (
            len(tree(stage, f"build-{number}")),
            len(tree(stage, f"bench{number}-{DOMAIN}-deploy-repo")),
        )
        for number in (1, 2, 3)
    ]
    assert trees[0] == trees[1] == trees[2]
    assert min(trees[0]) > 40
    assert ours.changes == CREATING, "a repository, two pushes, three environments"
    assert isinstance(theirs, ProjectCost) and isinstance(ours, ProjectCost)
    assert theirs.writes == 18, "a repository, two pushes, 15 secrets"
    assert theirs.requests == 51
    assert ours.requests < 20
    assert 0 < ours.pauses < 10


def test_ours_is_set_up_on_github_and_theirs_has_its_secrets(stage: ControlStage) -> None:
    warm(stage)
    reference(stage)
    ours = stage.github.repository(f"bench/bench1-{DOMAIN}-deploy-repo")
    assert set(ours.environments) == {"dev", "test", "prod"}
    assert ours.environments["prod"].reviewers
    assert ours.rulesets
    assert len(stage.github.repository("bench/build-2").vault.secrets) == 15


@pytest.mark.parametrize(
    ("cpu", "changes", "held"), [(0.2, 6, True), (0.4, 6, False), (0.2, 7, False)]
)
def test_budgets_are_judged(
    cpu: float, changes: int, held: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = Measurements()
    for way in WAYS:
        measured.add(
            way,
            ProjectCost(cpu, 1.0, 50.0, requests=10, changes=changes, writes=9)
            if way in (WARM, REFERENCE) or "cold" in way
            else Cost(cpu, 1.0, 40.0),
        )
    assert all(budget.holds for budget in budgets(measured)) is held
    assert print_control_plane(measured, Console(width=120)) is held
    assert ("EXCEEDED" in capsys.readouterr().out) is not held
