"""The whole path from the event to two repositories: right, repeatable, the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from generator_stage import (
    BUILD,
    CHECKOUT,
    DEPLOY,
    DOMAIN,
    PROJECT,
    aiops,
    catalog,
    changed,
    content,
    git,
    history,
    paths,
    person_pushes,
    read_event,
    tree_of,
)

from generator.answers import RefusedAnswer
from generator.catalog import Template, UnknownProfile
from generator.create import CreatedProject, ProjectPlan, create_project, plan_project
from generator.facts import UnusableFact
from generator.layout import LAYOUTS
from generator.remotes import git_base
from generator.repositories import OtherLayout, RepositoryTaken
from generator.standins.datazone import DataZoneStandIn, stand_in

EVENT = read_event()
TEMPLATES = {template.name: template for template in catalog().templates}
Plan = Callable[..., ProjectPlan]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Plan the project of the event, with a stand-in that was changed first."""

    def planned(
        change: Callable[[DataZoneStandIn], object] = lambda datazone: None,
        event: object = EVENT,
        profile: str = "Regression",
        **answers: str,
    ) -> ProjectPlan:
        with stand_in(event, profile=profile) as datazone:
            change(datazone)
            for name, value in datazone.environment.items():
                monkeypatch.setenv(name, value)
            return plan_project(event, catalog(), answers)

    return planned


def states(created: CreatedProject) -> list[tuple[str, str]]:
    return [(repository.role, repository.state) for repository in created.repositories]


def test_an_event_becomes_two_repositories(plan: Plan, tmp_path: Path) -> None:
    planned = plan()
    created = create_project(planned, git_base(str(tmp_path)))
    assert states(created) == [("build", "created"), ("deploy", "created")]
    for repository, name in zip(created.repositories, (BUILD, DEPLOY), strict=True):
        folder = tmp_path / f"{name}.git"
        assert (repository.name, repository.url) == (name, str(folder))
        assert repository.commit == git("rev-parse", "main", cwd=folder)
        git("fsck", "--strict", cwd=folder)
        subject, _, *body = git("log", "-1", "--format=%B", cwd=folder).splitlines()
        assert subject == f"Add the {repository.role} repository of House prices"
        assert body == [f"Template: regression {planned.template.version}", f"Project: {PROJECT}"]
        seconds = int(planned.request.created_at.timestamp())
        assert git("log", "-1", "--format=%ct %at", cwd=folder) == f"{seconds} {seconds}"


def test_an_event_becomes_one_repository_where_that_is_wanted(plan: Plan, tmp_path: Path) -> None:
    base = git_base(str(tmp_path))
    planned = plan(repo_layout="monorepo")
    created = create_project(planned, base)
    assert states(created) == [("project", "created")]
    assert [path.name for path in (tmp_path / "acme-ml").iterdir()] == ["house-prices-build.git"]
    folder = tmp_path / f"{BUILD}.git"
    git("fsck", "--strict", cwd=folder)
    assert history(folder) == [created.repositories[0].commit]
    subject = git("log", "-1", "--format=%s", cwd=folder)
    assert subject == "Add the folders build and deploy of House prices"
    assert paths(folder) == set(planned.rendering.files)
    for role in ("build", "deploy"):
        config = json.loads(content(folder, f"{role}/cicd-config.json"))
        assert (config["role"], config["project"]["id"]) == (role, PROJECT)
        assert config["github"]["build_repository"] == BUILD
        assert config["github"]["deploy_repository"] == BUILD
    assert states(create_project(planned, base)) == [("project", "unchanged")]
    with pytest.raises(OtherLayout, match="set repo_layout back"):
        create_project(plan(), base)


LLM, RAG = "create_llm_project.json", "create_rag_project.json"
# Profile -> event, template, project id, build repository, files of it, a value of its config.
OTHER_PROFILES = {
    **dict.fromkeys(
        ["LLM fine-tuning", "llm_finetune", "LLM Finetune"],
        (LLM, "llm_finetune", "k2m3n4p5q6r7s8", "acme-ml/order-desk-build",
         {"source/tiny.py", "data/instructions.jsonl"}, ("model", "source", "models/tiny")),
    ),
    **dict.fromkeys(
        ["RAG", "rag", "Retrieval-Augmented Generation", "retrieval_augmented_generation"],
        (RAG, "rag", "t9v8w7x6y5z4a3", "acme-ml/team-handbook-build",
         {"source/retrieval.py", "prompts/answer.md", "questions/questions.jsonl"},
         ("data", "source", "corpus/")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("profile", OTHER_PROFILES)
def test_an_event_of_another_profile_becomes_another_use_case(
    plan: Plan, tmp_path: Path, profile: str
) -> None:
    event, template, project, name, files, (section, key, value) = OTHER_PROFILES[profile]
    planned = plan(event=read_event(event), profile=profile)
    created = create_project(planned, git_base(str(tmp_path)))
    assert states(created) == [("build", "created"), ("deploy", "created")]
    for repository in created.repositories:
        folder = tmp_path / f"{repository.name}.git"
        git("fsck", "--strict", cwd=folder)
        config = json.loads(content(folder, "cicd-config.json"))
        assert config["template"]["name"] == template
        assert config["project"]["profile"] == profile
        assert config["project"]["id"] == project
    build = tmp_path / f"{name}.git"
    assert {*files, "mlops/bundle.py"} <= paths(build)
    config = yaml.safe_load(content(build, "config/pipeline.yaml"))
    assert config[section][key] == value


def test_the_facts_are_committed_in_both(plan: Plan, tmp_path: Path) -> None:
    created = create_project(plan(), git_base(str(tmp_path)))
    for role, name in {"build": BUILD, "deploy": DEPLOY}.items():
        config = json.loads(content(tmp_path / f"{name}.git", "cicd-config.json"))
        assert config["role"] == role
        assert config["project"]["id"] == PROJECT
        assert config["project"]["domain_id"] == DOMAIN
        assert config["project"]["name"] == "House prices"
        assert config["aws"] == {"account_id": "111122223333", "region": "eu-west-1"}
        assert config["storage"]["prefix"] == f"{DOMAIN}/{PROJECT}/dev"
        assert config["github"]["deploy_repository"] == DEPLOY
        assert config["tags"]["AmazonDataZoneScopeName"] == "dev"
        assert config["template"]["answers"]["owner"] == "acme-ml"
        assert config["stages"]["prod"]["account_id"] is None
    assert "stages.prod.account_id" in created.plan.missing
    assert "storage.bucket" not in created.plan.missing


def test_optional_facts_that_are_missing_are_named(plan: Plan) -> None:
    planned = plan(lambda dz: dz.records.connections.clear())
    assert {"mlflow.tracking_arn", "catalog.athena_workgroup"} <= set(planned.missing)


def test_a_second_run_changes_nothing(plan: Plan, tmp_path: Path) -> None:
    base = git_base(str(tmp_path))
    first = create_project(plan(), base)
    second = create_project(plan(), base)
    assert states(second) == [("build", "unchanged"), ("deploy", "unchanged")]
    assert [r.commit for r in second.repositories] == [r.commit for r in first.repositories]


def test_a_crash_in_between_is_completed(plan: Plan, tmp_path: Path) -> None:
    """The deploy repository cannot be written; once it can, the next run does the rest only."""
    base = git_base(str(tmp_path))
    blocked = tmp_path / f"{DEPLOY}.git"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("in the way")
    with pytest.raises(Exception, match=DEPLOY):
        create_project(plan(), base)
    build = history(tmp_path / f"{BUILD}.git")
    blocked.unlink()
    assert states(create_project(plan(), base)) == [("build", "unchanged"), ("deploy", "created")]
    assert history(tmp_path / f"{BUILD}.git") == build


def test_the_repository_that_unified_studio_made_keeps_its_files(
    plan: Plan, tmp_path: Path
) -> None:
    folder = tmp_path / f"{BUILD}.git"
    folder.mkdir(parents=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", ".", cwd=folder)
    first = person_pushes(folder, {"README.md": "# house-prices-build\n", "start.ipynb": "{}"})
    created = create_project(plan(), git_base(str(tmp_path)))
    assert states(created) == [("build", "updated"), ("deploy", "created")]
    assert history(folder)[1:] == [first]
    assert paths(folder) == {*created.plan.rendering.repositories["build"], "start.ipynb"}


def test_another_project_does_not_take_the_repository(plan: Plan, tmp_path: Path) -> None:
    base = git_base(str(tmp_path))
    create_project(plan(), base)
    other = changed(EVENT, "detail.responseElements.id", "another0project")
    with pytest.raises(RepositoryTaken, match=f"project '{PROJECT}'"):
        create_project(plan(event=other), base)


def test_answers_given_take_precedence(plan: Plan) -> None:
    planned = plan(project_name="2026 flats", metric="mae", target_column="price")
    config = json.loads(planned.rendering.repositories["build"]["cicd-config.json"].content)
    answers = config["template"]["answers"]
    assert (answers["project_name"], answers["project_slug"]) == (
        "2026 flats",
        "project-2026-flats",
    )
    assert (answers["metric"], answers["metric_bound"]) == ("mae", "50")
    with pytest.raises(RefusedAnswer, match="metric = 'best'"):
        plan(metric="best")


def test_an_unknown_profile_ends_it(plan: Plan) -> None:
    with pytest.raises(UnknownProfile, match="profile 'Chess'; known are"):
        plan(profile="Chess")


POISONED = {
    "s3BucketPath": "s3://bucket/{{ 7*7 }}/x",
    "gitBranchName": "main`id`",
    "userRoleArn": "arn:aws:iam::111122223333:role/x\ny",
    "sageMakerDomainId": "d-1'; x",
}


@pytest.mark.parametrize("resource", POISONED)
def test_what_datazone_says_is_checked_too(plan: Plan, resource: str) -> None:
    with pytest.raises(UnusableFact) as refused:
        plan(lambda dz: dz.records.provision(0, **{resource: POISONED[resource]}))
    assert str(refused.value).isascii()


# ------------------------------------------------------------ the same bytes everywhere


def plain_cookiecutter(
    template: Template, answers: dict[str, str], facts: object, folder: Path
) -> Path:
    """Render as a person does, hooks and all, with a configuration of its own."""
    folder.mkdir()
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "cookiecutters_dir": str(folder / "clones"),
                "replay_dir": str(folder / "replay"),
                "default_context": {**answers, "_facts": facts},
            }
        )
    )
    where = ["--config-file", str(config), "--output-dir", str(folder / "out")]
    subprocess.run(
        [sys.executable, "-m", "cookiecutter", str(template.path), "--no-input", *where],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
    )
    (made,) = (folder / "out").iterdir()
    return made


@pytest.fixture(params=sorted(TEMPLATES))
def template(request: pytest.FixtureRequest) -> Template:
    return TEMPLATES[request.param]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_pushed_trees_are_what_plain_cookiecutter_writes(
    template: Template, layout: str, plan: Plan, tmp_path: Path
) -> None:
    planned = plan(profile=template.profiles[0], repo_layout=layout)
    created = create_project(planned, git_base(str(tmp_path / "git")))
    name = planned.facts.name
    known = {
        "project_name": name,
        "owner": "acme-ml",
        "aws_region": planned.facts.region,
        "repo_layout": layout,
    }
    answers = {question: known[question] for question in known if template.question(question)}
    plain = plain_cookiecutter(template, answers, planned.facts.mapping(), tmp_path / "plain")
    for repository in created.repositories:
        place = plain if repository.role == "project" else plain / repository.role
        assert tree_of(place, tmp_path / f"tree-{repository.role}") == repository.tree, place


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_commands_output_is_what_plain_cookiecutter_writes(
    template: Template, layout: str, tmp_path: Path
) -> None:
    plain = plain_cookiecutter(template, {"repo_layout": layout}, {}, tmp_path / "plain")
    home = tmp_path / "home"
    home.mkdir()
    chosen = ("--no-input", "--set", f"repo_layout={layout}", "--output", tmp_path / "ours")
    done = aiops("new", template.name, *chosen, home=home)
    assert done.returncode == 0, done.stderr
    (ours,) = (tmp_path / "ours").iterdir()
    assert ours.name == plain.name
    assert tree_of(ours, tmp_path / "tree-ours") == tree_of(plain, tmp_path / "tree-plain")
    # Folders without files are in no tree.
    assert {path.relative_to(ours) for path in ours.rglob("*")} == {
        path.relative_to(plain) for path in plain.rglob("*")
    }


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    assert list(folder.rglob("*")) == [], "something was written to HOME"


def test_nothing_is_written_to_home(home: Path, tmp_path: Path) -> None:
    output, event = tmp_path / "out", CHECKOUT / "generator/events/create_project.json"
    made = aiops("new", "regression", "--no-input", "--output", output, home=home)
    assert made.returncode == 0, made.stderr
    with stand_in(EVENT) as datazone:
        created = aiops(
            "create",
            "--event",
            event,
            "--git-base",
            tmp_path / "git",
            home=home,
            **datazone.environment,
        )
    assert created.returncode == 0, created.stderr
    assert sorted(path.name for path in (tmp_path / "git/acme-ml").iterdir()) == sorted(
        f"{name.split('/')[1]}.git" for name in (BUILD, DEPLOY)
    )
