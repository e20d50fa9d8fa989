"""The command line: what people type, what they read, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from generator_stage import (
    BUILD,
    DEPLOY,
    EVENTS,
    PROJECT,
    aiops,
    bare,
    catalog,
    history,
    person_pushes,
    read_event,
)

from generator import __version__
from generator.cli import cli, main
from generator.remotes import TOKEN_VARIABLE
from generator.standins.datazone import DataZoneStandIn, stand_in

EVENT = EVENTS / "create_project.json"


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: object
    out: str
    err: str


@pytest.fixture
def say(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Said]:
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def said(*arguments: object) -> Said:
        code: object = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = stopped.code
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Said(code, captured.out, captured.err)

    return said


Say = Callable[..., Said]


@pytest.fixture
def datazone(monkeypatch: pytest.MonkeyPatch) -> Iterator[DataZoneStandIn]:
    with stand_in(read_event()) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_version(say: Say) -> None:
    assert say("--version").out == f"aiops, version {__version__}\n"


def test_list_shows_each_template_and_its_profiles(say: Say) -> None:
    lines = say("list").out.splitlines()
    assert len(lines) == len(catalog().templates)
    for line, template in zip(lines, catalog().templates, strict=True):
        assert line.startswith(f"{template.name}  {template.version}  for ")
        assert all(profile in line for profile in template.profiles)


def test_new_writes_a_project(say: Say, tmp_path: Path) -> None:
    done = say("new", "regression", "--no-input", "--set", "project_name=Flats", "-o", "out")
    assert (done.code, done.err) == (0, "")
    assert f"cd {tmp_path}/out/flats/build && make run" in done.out
    config = json.loads((tmp_path / "out/flats/build/cicd-config.json").read_text())
    assert config["project"]["name"] == "Flats"
    assert config["project"]["id"] is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["flats"]


def test_new_again_finds_it_in_place(say: Say, tmp_path: Path) -> None:
    say("new", "regression", "--no-input")
    before = (tmp_path / "diabetes-progression").stat().st_mtime_ns
    done = say("new", "regression", "--no-input")
    assert done.code == 0
    assert "in place already" in done.out
    assert (tmp_path / "diabetes-progression").stat().st_mtime_ns == before


def test_new_overwrites_nothing(say: Say, tmp_path: Path) -> None:
    say("new", "regression", "--no-input")
    readme = tmp_path / "diabetes-progression/build/README.md"
    readme.write_text("mine")
    done = say("new", "regression", "--no-input")
    assert done.code == 2
    assert "build/README.md is not what would be written" in done.err
    assert readme.read_text() == "mine"
    (tmp_path / "flats").write_text("a file")
    assert say("new", "regression", "--no-input", "--set", "project_name=Flats").code == 2


WRONG: dict[str, tuple[list[str], str]] = {
    "no template": (["new"], "Missing argument 'TEMPLATE'"),
    "unknown template": (["new", "chess"], "no template 'chess'; there are: "),
    "unknown question": (["new", "regression", "--set", "x=1"], "does not ask 'x'"),
    "no answer": (["new", "regression", "--set", "metric"], "write QUESTION=ANSWER"),
    "two answers": (
        ["new", "regression", "--set", "metric=mae", "--set", "metric=r2"],
        "'metric' is given twice",
    ),
    "refused answer": (["new", "regression", "--set", "metric=x"], "choose one of rmse, mae, r2"),
    "code": (["new", "regression", "--set", "owner={{ 7*7 }}"], "owner = '{{ 7*7 }}': use a team"),
    "answer too long": (
        ["new", "regression", "--no-input", "--set", f"target_column={'n' * 129}"],
        "target_column = 'nnnn",
    ),
    "output is a file": (["new", "regression", "--output", str(EVENT)], "is a file"),
    "no event": (["create", "--git-base", "git"], "give --project and --domain, or --event"),
    "no domain": (["create", "--project", "p1"], "give --project and --domain, or --event"),
    "project and git base": (
        ["create", "--project", "p1", "--domain", "dzd_1", "--git-base", "git"],
        "--git-base needs --event",
    ),
    "answers by hand": (
        ["create", "--project", "p1", "--domain", "dzd_1", "--set", "metric=mae"],
        "--set goes with --git-base",
    ),
    "no configuration": (["create", "--project", "p1", "--domain", "dzd_1"], "aiops.toml"),
    "missing event": (["create", "--event", "x.json", "--git-base", "git"], "x.json"),
    "event is no JSON": (["create", "--event", __file__, "--git-base", "git"], "is not JSON"),
    "denied event": (
        ["create", "--event", str(EVENTS / "create_project_denied.json"), "--git-base", "git"],
        "CreateProject was refused with 'AccessDenied'",
    ),
    "token in the address": (
        ["create", "--event", str(EVENT), "--git-base", "https://x:canary-1@example.com"],
        "leave user and token out",
    ),
    "unknown command": (["destroy"], "No such command 'destroy'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_one_message(say: Say, case: str, tmp_path: Path) -> None:
    arguments, message = WRONG[case]
    done = say(*arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
    assert "canary-1" not in done.err
    assert list(tmp_path.iterdir()) == [], "nothing is half done"


def test_create_makes_the_repositories(say: Say, datazone: DataZoneStandIn) -> None:
    done = say("create", "--event", EVENT, "--git-base", "git")
    assert (done.code, done.err) == (0, "")
    assert f"House prices ({PROJECT}): template regression" in done.out
    assert "build   created    " in done.out
    assert "deploy  created    " in done.out
    assert "null in cicd-config.json: stages.dev.build_role_arn" in done.out
    assert say("create", "--event", EVENT, "--git-base", "git").out.count(" unchanged ") == 2


def test_create_can_make_one_repository(say: Say, datazone: DataZoneStandIn) -> None:
    command = ("create", "--event", EVENT, "--git-base", "git", "--set", "repo_layout=monorepo")
    assert f"  project  {BUILD}: " in say(*command, "--dry-run").out
    done = say(*command)
    assert (done.code, done.err) == (0, "")
    assert "  project  created    " in done.out
    assert done.out.count("created") == 1
    assert " unchanged " in say(*command).out
    (entry,) = json.loads(say(*command, "--json").out)["repositories"]
    assert (entry["role"], entry["name"], entry["state"]) == ("project", BUILD, "unchanged")


def test_create_as_json(say: Say, datazone: DataZoneStandIn, tmp_path: Path) -> None:
    done = say("create", "--event", EVENT, "--git-base", "git", "--json")
    document = json.loads(done.out)
    assert document["project_id"] == PROJECT
    assert document["template"]["name"] == "regression"
    assert [entry["role"] for entry in document["repositories"]] == ["build", "deploy"]
    for entry, name in zip(document["repositories"], (BUILD, DEPLOY), strict=True):
        assert (entry["name"], entry["state"]) == (name, "created")
        assert history(Path(entry["path"])) == [entry["commit"]]


def test_create_says_what_waits_for_a_person(
    say: Say, datazone: DataZoneStandIn, tmp_path: Path
) -> None:
    person_pushes(bare(tmp_path / f"git/{BUILD}.git"), {"README.md": "mine"})
    done = say("create", "--event", EVENT, "--git-base", "git")
    assert done.code == 0
    assert "main has other content at README.md; open a pull request from there" in done.out


def test_a_dry_run_pushes_nothing(say: Say, datazone: DataZoneStandIn, tmp_path: Path) -> None:
    done = say("create", "--event", EVENT, "--git-base", "git", "--dry-run")
    assert done.code == 0
    assert f"build   {BUILD}: " in done.out
    assert "not pushed" in done.out
    assert list(tmp_path.iterdir()) == []


def test_the_event_can_come_from_a_pipe(
    say: Say, datazone: DataZoneStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EVENT.open() as event:
        monkeypatch.setattr("sys.stdin", event)
        assert say("create", "--event", "-", "--git-base", "git", "--dry-run").code == 0


def test_a_failure_on_the_way_is_one_message(
    say: Say, datazone: DataZoneStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "canary-2")
    done = say("create", "--event", EVENT, "--git-base", "http://127.0.0.1:9")
    assert done.code == 1
    assert done.err.startswith("aiops: http://127.0.0.1:9/acme-ml/house-prices-build.git: ")
    assert "canary-2" not in done.err
    datazone.records.project["environmentDeploymentDetails"] = {
        "overallDeploymentStatus": "IN_PROGRESS"
    }
    done = say("create", "--event", EVENT, "--git-base", "git")
    assert (done.code, done.out) == (1, "")
    assert "is IN_PROGRESS: its environments are not ready yet" in done.err


def test_a_bug_is_one_message_too(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr("generator.catalog.load", broken)
    done = say("list")
    assert done.code == 1
    assert done.err == "aiops: this should not happen, please report it: RuntimeError: surprise\n"


def asked(answers: str, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Answer the questions of `new` on a terminal, one line each."""
    done = CliRunner().invoke(
        cli, ["new", "regression", "-o", str(tmp_path), *arguments], input=answers
    )
    return done.exit_code, click.unstyle(done.output)


def test_questions_are_asked_in_the_templates_words(tmp_path: Path) -> None:
    code, screen = asked("Flats\n" + "\n" * 9, tmp_path)
    assert code == 0
    template = catalog().named("regression")
    for question in template.questions:
        assert question.prompt in screen
        assert all(label in screen for label in question.labels)
    assert "project_slug [flats]: " in screen, "defaults follow from earlier answers"
    assert (tmp_path / "flats/build/cicd-config.json").is_file()


def test_a_refused_answer_is_asked_again(tmp_path: Path) -> None:
    code, screen = asked("{{ 7*7 }}\n$(id)\nFlats\n" + "\n" * 9, tmp_path)
    assert code == 0
    assert screen.count("use 1 to 64 letters") == 2
    assert (tmp_path / "flats").is_dir()


def test_choices_are_taken_by_number_or_name(tmp_path: Path) -> None:
    for number, (typed, metric) in enumerate({"3": "r2", "mae": "mae", "9\n2": "mae"}.items()):
        lines = f"Flats {number}\n\n\n\n\n\n{typed}\n\n\n\n"
        code, screen = asked(lines, tmp_path)
        assert code == 0, screen
        config = (tmp_path / f"flats-{number}/build/cicd-config.json").read_text()
        assert json.loads(config)["template"]["answers"]["metric"] == metric


def test_what_is_set_is_not_asked(tmp_path: Path) -> None:
    code, screen = asked("\n" * 8, tmp_path, "--set", "metric=mae", "--set", "project_name=Flats")
    assert code == 0
    assert "Which metric" not in screen
    assert "metric_bound [50]: " in screen


def test_a_terminal_that_ends_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = aiops("new", "regression", home=home)
    assert done.returncode == 1
    assert "stopped; nothing more was done" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(home.iterdir()) == []


def test_listing_needs_neither_git_nor_aws(tmp_path: Path) -> None:
    """What a command does not need is not imported: the command line answers at once."""
    home = tmp_path / "home"
    home.mkdir()
    done = aiops("list", home=home, PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "generator.catalog" in loaded
    assert loaded.isdisjoint({"boto3", "botocore", "dulwich", "cookiecutter", "rich.console"})
