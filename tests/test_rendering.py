"""What holds for the files of every rendered project, whatever its answers."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from combinations import REFUSED, REFUSED_ROWS, SUPPORTED, SUPPORTED_ROWS
from conftest import CHECKOUT, Render, run, template_names

EXPECTED = Path(__file__).parent / "expected"
# Files that may be empty: they only mark a folder as a package.
MARKERS = {"__init__.py", "py.typed"}
LEFTOVER = re.compile(r"cookiecutter|\{%-?\s|\{#\s|\s-?%\}", re.IGNORECASE)
# About the sample documents of a template: there is none without them.
OF_THE_SAMPLE = {"rag": ("corpus/", {"build/questions/questions.jsonl"})}
# They hold templates of another kind, for conversations, in the same braces.
CHAT_TEMPLATES = {"build/source/tiny.py", "build/tests/test_tokens.py"}
CLEAN: list[dict[str, bytes]] = []
UNRENDERED = re.compile(r"(?<!\$)\{\{")


def files(project: Path) -> dict[str, Path]:
    """Every file of a rendered project, by its path from the project's folder."""
    return {
        path.relative_to(project).as_posix(): path
        for path in sorted(project.rglob("*"))
        if path.is_file()
    }


def listed(name: str) -> set[str]:
    """The paths that a file below expected/ lists."""
    return set((EXPECTED / f"{name}.txt").read_text().split("\n")) - {""}


@pytest.fixture(params=SUPPORTED_ROWS, ids=["-".join(row) for row in SUPPORTED_ROWS])
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    template, row = request.param
    return render(template, **SUPPORTED[template][row])


@pytest.mark.parametrize("template", template_names())
def test_the_table_covers_every_template_and_question(template: str) -> None:
    questions = json.loads((CHECKOUT / "templates" / template / "cookiecutter.json").read_text())
    asked = {name for name in questions if not name.startswith("_")}
    assert asked == set(questions["_rules"]) == set(questions["__prompts__"])
    assert len(asked - {"repo_layout"}) <= 12, "people answer these one by one"
    varied = {name for answers in SUPPORTED[template].values() for name in answers}
    assert varied == asked
    refused = {named for _, named in REFUSED[template].values()}
    choices = {name for name in asked if isinstance(questions[name], list)}
    assert refused == asked - choices, "a choice is refused by cookiecutter itself"


def test_exactly_the_expected_paths(project: Path) -> None:
    config = json.loads((project / "build/cicd-config.json").read_text())
    template, answers = config["template"]["name"], config["template"]["answers"]
    expected = listed(template)
    sample, about_it = OF_THE_SAMPLE.get(template, ("", set()))
    if answers["data_source"] != sample:
        expected -= about_it
    if answers["repo_layout"] == "monorepo":
        # GitHub reads a repository's .github at its root only.
        expected = {path for path in expected if "/.github/" not in path} | listed("monorepo")
    assert set(files(project)) == expected


def test_nothing_is_left_to_render(project: Path) -> None:
    for name, path in files(project).items():
        text = path.read_text(encoding="utf-8")
        if name in CHAT_TEMPLATES:
            assert "cookiecutter" not in text
            continue
        assert not LEFTOVER.search(text), f"{name}: {LEFTOVER.search(text)}"
        if path.suffix not in {".py", ".ipynb"}:
            assert not UNRENDERED.search(text), name


def test_files_are_plain_and_not_empty(project: Path) -> None:
    for name, path in files(project).items():
        assert not path.is_symlink(), f"{name} is a link"
        assert path.name in MARKERS or path.stat().st_size > 0, f"{name} is empty"
        executable = bool(path.stat().st_mode & 0o111)
        assert executable == path.read_bytes().startswith(b"#!"), f"{name}: mode and #! disagree"
    folders = [path for path in project.rglob("*") if path.is_dir()]
    assert not [folder for folder in folders if not any(folder.iterdir())]


def test_every_file_parses(project: Path) -> None:
    parsers = {
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yaml": lambda text: list(yaml.safe_load_all(text)),
        ".yml": lambda text: list(yaml.safe_load_all(text)),
        ".ipynb": lambda text: nbformat.validate(nbformat.reads(text, as_version=4)),
        ".py": lambda text: compile(text, "rendered", "exec"),
    }
    parsed = 0
    for name, path in files(project).items():
        if parser := parsers.get(path.suffix):
            try:
                parser(path.read_text(encoding="utf-8"))
            except Exception as error:
                pytest.fail(f"{name}: {error}")
            parsed += 1
    assert parsed > 20


def test_ruff_is_clean(project: Path) -> None:
    for repository in (project / "build", project / "deploy"):
        linted = {
            name: path.read_bytes()
            for name, path in files(repository).items()
            if path.suffix in {".py", ".ipynb", ".toml"}
        }
        # Most answers change no such file: what was found clean once is not looked at again.
        if linted in CLEAN:
            continue
        for command in (["check"], ["format", "--check"]):
            done = run("ruff", *command, "--no-cache", ".", cwd=repository)
            assert done.returncode == 0, done.stdout
        CLEAN.append(linted)


def test_the_answers_are_recorded(render: Render) -> None:
    answers = SUPPORTED["regression"]["name-punctuation"]
    for repository in ("build", "deploy"):
        config = json.loads((render(**answers) / repository / "cicd-config.json").read_text())
        assert config["role"] == repository
        assert config["template"]["answers"].items() >= answers.items()
        assert config["project"]["name"] == answers["project_name"]
        assert config["project"]["id"] is None, "a local project has no facts of a cloud project"


@pytest.mark.parametrize(("template", "row"), REFUSED_ROWS)
def test_bad_answers_are_refused_by_name_and_nothing_is_written(
    template: str, row: str, tmp_path: Path
) -> None:
    answers, named = REFUSED[template][row]
    output = tmp_path / "out"
    output.mkdir()
    done = run(
        "cookiecutter",
        CHECKOUT,
        "--directory",
        f"templates/{template}",
        "--no-input",
        "--output-dir",
        output,
        *[f"{question}={answer}" for question, answer in answers.items()],
        cwd=tmp_path,
        HOME=str(tmp_path),
    )
    assert done.returncode != 0
    assert re.search(rf"^  - {named} = .+: use ", done.stdout, re.MULTILINE), done.stdout
    assert list(output.iterdir()) == []


def test_an_unknown_choice_is_refused(tmp_path: Path) -> None:
    done = run(
        "cookiecutter", CHECKOUT, "--directory", "templates/regression", "--no-input",
        "--output-dir", tmp_path / "out", "metric=accuracy",
        cwd=tmp_path, HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode != 0
    assert "accuracy" in done.stdout
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
