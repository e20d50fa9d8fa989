"""The ways that are compared do comparable work. Nothing here is timed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_stage import git

from benchmarks.cost import Command, CommandFailed, Cost, cost_of, spread
from benchmarks.report import Measurements, budgets, print_report
from benchmarks.ways import WAYS, OurCost, Stage, aiops_create, git_commands, ours_cold, ours_warm


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, "regression") as running:
        yield running


def test_every_way_pushes_the_same_trees(stage: Stage) -> None:
    trees = {}
    for number, way in enumerate((ours_warm, ours_cold, git_commands), start=1):
        cost = way(stage)
        assert cost.cpu > 0
        assert cost.changes == 2, "one content-creating request for each repository"
        assert (cost.requests == 4) == (way is not git_commands)
        trees[way] = [
            git("ls-tree", "-r", "main", cwd=stage.folder / f"git/bench/{role}-{number}.git")
            for role in ("build", "deploy")
        ]
    # The configuration names the repositories; everything else is the same.
    same = [
        [line for line in "\n".join(lines).splitlines() if not line.endswith("cicd-config.json")]
        for lines in trees.values()
    ]
    assert same[0] == same[1] == same[2]
    assert len(same[0]) > 50


def test_the_command_is_measured_from_the_event_on(stage: Stage) -> None:
    cost = aiops_create(stage)
    assert (cost.requests, cost.changes) == (4, 2)


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 128"):
        cost_of([Command(("git", "rev-parse", "nothing"), tmp_path)], {"PATH": "/usr/bin:/bin"})


@pytest.mark.parametrize(("cpu", "held"), [(0.2, True), (0.4, False)])
def test_budgets_are_judged_by_the_median(
    cpu: float, held: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = Measurements()
    for way in WAYS:
        for factor in (0.5, 1.0, 9.0):
            cost = {"cpu": cpu * factor, "wall": 1.0, "peak": 50.0}
            ours = way == "ours, warm"
            measured.add(way, OurCost(**cost, render=0.1, push=0.1) if ours else Cost(**cost))
    assert all(budget.holds for budget in budgets(measured)) is held
    assert print_report(measured, "regression", 3, (0.1, 0.2)) is held
    printed = capsys.readouterr().out
    assert ("EXCEEDED" in printed) is not held
    assert all(f" {way} " in printed for way in WAYS)


def test_a_wide_spread_is_marked() -> None:
    assert spread([1.0, 1.1, 1.7]).noisy
    assert not spread([1.0, 1.1, 1.3]).noisy
