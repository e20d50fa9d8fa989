"""One repository for both: its workflows follow from those of two, and leave each other alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Render, template_names

from maintenance.monorepo_workflows import SHARED, WORKFLOWS, Underivable, derived, sources
from workflows.places import READ_WHERE_THERE, ROLES, rendered
from workflows.policy import Workflow, steps

SHORT = """\
name: Checks
on:
  push:
  pull_request:
    paths: [a/**, .github/workflows/checks.yml]
concurrency:
  group: checks-x
defaults:
  run:
    shell: bash
jobs:
  one:
    steps:
      - uses: ./.github/workflows/checks.yml
      - if: hashFiles('a', 'b') != ''
        run: python3 .github/scripts/a.py && cat x/.github/y
      - with:
          path: |
            a/b

            .c/**
          persist-credentials: false
"""
MOVED = """\
name: Build checks
on:
  push:
    paths:
      - .github/workflows/build-checks.yml
      - build/**
  pull_request:
    paths: [build/a/**, .github/workflows/build-checks.yml]
concurrency:
  group: build-checks-x
defaults:
  run:
    shell: bash
    working-directory: build
jobs:
  one:
    steps:
      - uses: ./.github/workflows/build-checks.yml
      - if: hashFiles('build/a', 'build/b') != ''
        run: python3 ../.github/scripts/a.py && cat x/.github/y
      - with:
          path: |
            build/a/b

            build/.c/**
          persist-credentials: false
"""


def test_the_workflows_follow_from_those_of_two_repositories() -> None:
    found = {file.name: file.read_text(encoding="utf-8") for file in WORKFLOWS.iterdir()}
    assert found == derived(sources()), "run make workflows"


def test_a_workflow_learns_its_folder() -> None:
    both = {"build": {"checks.yml": SHORT}, "deploy": {"checks.yml": SHORT}}
    assert derived(both)["build-checks.yml"] == MOVED
    assert derived(both)["deploy-checks.yml"] == MOVED.replace("Build", "Deploy").replace(
        "build", "deploy"
    )


def test_a_name_that_only_one_role_has_is_kept() -> None:
    moved = derived({"build": {"checks.yml": SHORT}, "deploy": {}})["checks.yml"]
    assert "name: Checks\n" in moved
    assert "group: checks-x\n" in moved
    assert "uses: ./.github/workflows/checks.yml\n" in moved
    assert "working-directory: build\n" in moved


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("    shell: bash\n", "    working-directory: x\n", "build/checks.yml has working-dir"),
        ("  push:\n", "  push:\n    paths-ignore: [docs]\n", "build/checks.yml has paths-ignore"),
        ("    paths: [a/**, .github/workflows/checks.yml]\n", "    branches: [x]\n", "no paths"),
        ("    shell: bash\n", "    x: y\n", "no defaults.run.shell"),
    ],
)
def test_what_has_no_known_place_is_refused(good: str, bad: str, said: str) -> None:
    assert good in SHORT
    text = SHORT.replace(good, bad)
    with pytest.raises(Underivable, match=re.escape(said)):
        derived({"build": {"checks.yml": text}, "deploy": {"checks.yml": SHORT}})


def test_scripts_and_settings_are_those_of_two_repositories() -> None:
    ours = WORKFLOWS.parent
    for role in ROLES:
        for original in sorted((SHARED / role / ".github" / "scripts").glob("*.py")):
            assert (ours / "scripts" / original.name).read_bytes() == original.read_bytes()
        original = SHARED / role / ".github" / "dependabot.yml"
        assert (ours / "dependabot.yml").read_bytes() == original.read_bytes()
    assert {path.name for path in ours.iterdir()} == {"dependabot.yml", "scripts", "workflows"}


@pytest.fixture(params=template_names())
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    """A project of each template in one repository."""
    return rendered(render, "monorepo", request.param)


@pytest.fixture
def workflows(project: Path) -> dict[str, Workflow]:
    """Its workflows by their file's name."""
    files = sorted((project / ".github" / "workflows").iterdir())
    return {file.name: Workflow(file.read_text()) for file in files}


def matches(patterns: list[str], path: str) -> bool:
    """Whether a filter of paths lets a changed file through, as GitHub documents its patterns."""
    translated = [
        re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*") for pattern in patterns
    ]
    return any(re.fullmatch(pattern, path) for pattern in translated)


def started_by(workflows: dict[str, Workflow], event: str, path: str) -> set[str]:
    """The workflows that the change of one file starts."""
    triggered = {
        name: workflow.data["on"][event]
        for name, workflow in workflows.items()
        if event in workflow.triggers
    }
    assert all(trigger["paths"] for trigger in triggered.values())
    return {name for name, trigger in triggered.items() if matches(trigger["paths"], path)}


@pytest.mark.parametrize(
    ("path", "pull_request", "push"),
    [
        ("build/source/train.py", {"build-checks.yml"}, {"pipeline.yml"}),
        ("build/config/pipeline.yaml", {"build-checks.yml"}, {"pipeline.yml"}),
        ("build/requirements.txt", {"build-checks.yml"}, {"pipeline.yml"}),
        ("build/README.md", {"build-checks.yml"}, set()),
        ("deploy/stacks/endpoint_stack.py", {"deploy-checks.yml"}, {"deploy-checks.yml"}),
        ("deploy/config/prod.yaml", {"deploy-checks.yml"}, {"deploy-checks.yml"}),
        ("deploy/requirements.txt", {"deploy-checks.yml"}, {"deploy-checks.yml"}),
        (".github/workflows/pipeline.yml", set(), {"pipeline.yml"}),
        (".github/workflows/build-checks.yml", {"build-checks.yml"}, set()),
        (".github/workflows/deploy-checks.yml", {"deploy-checks.yml"}, {"deploy-checks.yml"}),
        ("README.md", set(), set()),
        ("notes/build/x.md", set(), set()),
    ],
)
def test_a_change_starts_the_workflows_of_its_folder_only(
    workflows: dict[str, Workflow], path: str, pull_request: set[str], push: set[str]
) -> None:
    assert started_by(workflows, "pull_request", path) == pull_request
    assert started_by(workflows, "push", path) == push


def test_what_a_filter_names_is_there(project: Path, workflows: dict[str, Workflow]) -> None:
    for workflow in workflows.values():
        on = workflow.data["on"]
        for pattern in (path for event in on for path in (on[event] or {}).get("paths", ())):
            if pattern.removeprefix("build/") not in READ_WHERE_THERE:
                assert list(project.glob(pattern.removesuffix("/**"))), pattern


def test_nothing_of_one_folder_waits_for_the_other_or_has_its_name(
    workflows: dict[str, Workflow],
) -> None:
    groups = [workflow.data["concurrency"]["group"] for workflow in workflows.values()]
    prefixes = [group.partition("${{")[0] for group in groups]
    assert sorted(prefixes) == ["build-checks-", "deploy-", "deploy-checks-", "pipeline-"]
    # Stages are the only thing that follows `deploy-`: none of them is called `checks-…`.
    assert groups[prefixes.index("deploy-")] == "deploy-${{ inputs.stage }}"
    names = [workflow.data["name"] for workflow in workflows.values()]
    assert names == ["Build checks", "Deploy checks", "Deploy", "Pipeline"]


def test_every_script_that_is_called_is_there(
    project: Path, workflows: dict[str, Workflow]
) -> None:
    called = set()
    for workflow in workflows.values():
        folder = project / workflow.data["defaults"]["run"]["working-directory"]
        for job in workflow.jobs.values():
            for step in steps(job):
                for script in re.findall(r"python3 (\S+)", step.get("run", "")):
                    assert (folder / script).resolve().is_file(), script
                    called.add(Path(script).name)
    assert called == {"plan_execution.py", "plan_deployment.py", "report_deployment.py"}


def test_no_folder_has_workflows_that_github_would_not_see(project: Path) -> None:
    assert [path.relative_to(project).as_posix() for path in project.rglob(".github")] == [
        ".github"
    ]
