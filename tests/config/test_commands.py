"""`aiops config`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CHECKOUT, run, template_names

from config.files import MINIMAL, edited
from config.git_stage import TOKEN, Collection, our_templates
from generator.config import example
from generator.standins.gitserver import GitServer

Aiops = Callable[..., subprocess.CompletedProcess[str]]
GITHUB = 'token_secret = "aiops/github"\n'
THERE_ARE = f"there are {', '.join(template_names())}"


@pytest.fixture
def aiops(tmp_path: Path) -> Aiops:
    def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environment = {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "200", **environment}
        return run("aiops", "config", *words, cwd=tmp_path, **environment)

    return command


def test_the_example_is_printed_or_written_and_passes(aiops: Aiops, tmp_path: Path) -> None:
    printed = aiops("example")
    assert (printed.returncode, printed.stdout) == (0, example())
    written = aiops("example", "aiops.toml")
    assert written.stdout == (
        "aiops.toml is written: edit it, then run aiops config check aiops.toml\n"
    )
    assert (tmp_path / "aiops.toml").read_text() == example()
    again = aiops("example", "aiops.toml")
    assert (again.returncode, again.stdout) == (
        2, "aiops: aiops.toml exists already: choose another name\n",
    )  # fmt: skip
    elsewhere = aiops("example", "no/aiops.toml")
    assert (elsewhere.returncode, elsewhere.stdout) == (
        2, "aiops: no/aiops.toml cannot be written: No such file or directory\n",
    )  # fmt: skip
    checked = aiops("check", "aiops.toml")
    assert checked.returncode == 0, checked.stdout
    lines = [line.rstrip() for line in checked.stdout.splitlines()]
    assert lines[-1] == "aiops.toml can be used."
    assert (
        "  repositories      two, private; {project_id}-{domain_id}-deploy-repo for deploying"
        in (lines)
    )
    assert "  approval of prod  team governance, user octocat" in lines
    assert any(line.split()[:3] == ["risk", "profile", "'Fraud"] for line in lines)


def test_what_holds_by_default_is_shown_too(aiops: Aiops, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(MINIMAL)
    shown = aiops("check", "a.toml").stdout
    for said in (
        "events from      account 111122223333 only",
        "approval of prod  nobody's",
        "profiles   those that the templates answer to",
        "templates  built in",
        "60 minutes at most; pauses of 15 to 120 s, each 1.5 times the one before",
        "repositories are archived",
        "is created for token.actions.githubusercontent.com",
        "no tenants: test and prod stay unknown",
    ):
        assert said in shown


def test_a_narrow_terminal_and_markup_lose_nothing(aiops: Aiops, tmp_path: Path) -> None:
    text = edited((GITHUB, GITHUB + '[profiles]\n"[red]x[/red] :smile:" = "regression"\n'))
    (tmp_path / "a.toml").write_text(text)
    shown = aiops("check", "a.toml", COLUMNS="40").stdout
    assert "[red]x[/red] :smile:" in shown
    letters = "".join(shown.split())
    assert "{project_id}-{domain_id}-deploy-repo" in letters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[profiles]\nRegression = "regresion"\nRAG = "graph"\n',
            [
                "15: profiles.Regression = 'regresion': there is no template of that name; did you"
                " mean regression?",
                f"16: profiles.RAG = 'graph': there is no template of that name; {THERE_ARE}",
            ],
        ),
        (
            '[answers.regresion]\nx = "y"\n[answers.regression]\nmetrics = "mae"\n'
            'metric = "mape"\nmetric_bound = "low"\nzzz = "1"\n',
            [
                "14: answers.regresion: there is no template of that name; did you mean"
                " regression?",
                "17: answers.regression.metrics: template regression does not ask it; did you mean"
                " metric?",
                "18: answers.regression.metric = 'mape': choose one of rmse, mae, r2",
                "19: answers.regression.metric_bound = 'low': use a plain number such as 60 or"
                " 0.35, or none to compare with the baselines alone",
                "20: answers.regression.zzz: template regression does not ask it; remove it",
            ],
        ),
        (
            '[tenants.a]\nprofiles = ["ML-Regression", "Fraud"]\n',
            [
                "15: tenants.a.profiles[2] = 'Fraud': no template answers to it; add it to"
                " [profiles]"
            ],
        ),
    ],
    ids=["profiles", "answers", "tenants"],
)
def test_what_the_templates_do_not_have(
    aiops: Aiops, tmp_path: Path, text: str, expected: list[str]
) -> None:
    (tmp_path / "a.toml").write_text(edited((GITHUB, GITHUB + text)))
    done = aiops("check", "a.toml")
    assert done.returncode == 2
    header, *lines = done.stdout.rstrip().split("\n")
    assert header == "aiops: a.toml cannot be used; nothing was done:"
    assert [line.removeprefix("  a.toml:") for line in lines] == expected


def test_templates_of_a_repository_are_fetched_for_the_check(aiops: Aiops, tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    with GitServer(tmp_path / "git", "x-access-token", TOKEN) as server:
        collection = Collection(server, tmp_path / "clone")
        collection.commit(our_templates)
        collection.tag("v1")
        text = (
            f'git_url = "{server.url}"\n[profiles]\nX = "nothing"\n[templates]\n'
            f'repository = "{collection.url}"\nref = "{{}}"\n'
        )
        environment = {"AIOPS_CACHE": str(tmp_path / "cache"), "AIOPS_GIT_TOKEN": TOKEN}
        said = {}
        for ref in ("v1", "v2"):
            (tmp_path / "a.toml").write_text(edited((GITHUB, GITHUB + text.format(ref))))
            done = aiops("check", "a.toml", **environment)
            assert done.returncode == 2
            assert TOKEN not in done.stdout
            said[ref] = done.stdout
    assert (
        f"16: profiles.X = 'nothing': there is no template of that name; {THERE_ARE}"
        in (said["v1"])
    )
    assert said["v2"] == f"aiops: {collection.url} has no tag 'v2'; there are 'v1'\n"
