"""Every command on a page exists, with its options, targets and variables."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import click
import pytest
from conftest import CHECKOUT

from documentation import aws_commands
from documentation.interfaces import aiops_options, makefile, targets
from documentation.pages import (
    CHECKOUT_PLACE,
    Command,
    codes,
    commands,
    commands_of,
    pages,
    parts,
    prose,
)
from generator.cli import cli

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")

# Programs whose arguments are not ours to check.
FOREIGN = {".", "cd", "curl", "export", "git", "pip", "pytest"}


def written_commands() -> list[Command]:
    found = commands(CHECKOUT / "README.md", CHECKOUT_PLACE)
    for page in pages():
        found += commands_of(page)
    return [part for command in found for part in parts(command)]


@pytest.mark.parametrize("command", written_commands(), ids=str)
def test_the_command_exists(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    check_command(command, repositories, options)


def inline_commands() -> list[Command]:
    """Commands of ours in running text and in tables; not what programs print."""
    found = []
    for page in pages():
        for code in sorted(set(codes(prose(page)))):
            if re.match(r"(?:make|aiops|aws|python -m mlops) \S", code) and "…" not in code:
                found.append(Command(page, 0, code, CHECKOUT_PLACE, None))
    return found


@pytest.mark.parametrize("command", inline_commands(), ids=str)
def test_the_command_in_the_text_exists_in_one_of_the_repositories(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    failures = []
    for place in repositories:
        try:
            check_command(replace(command, place=place), repositories, options)
            return
        except AssertionError as failure:
            failures.append(f"{place}: {failure}".splitlines()[0])
    pytest.fail("; ".join(failures))


def check_command(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    words = command.words
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    if not words or words[0] in FOREIGN:
        return
    if words[0] == "make":
        check_make(words[1:], repositories[command.place], options.get(command.place, {}))
    elif words[0] == "aiops":
        check_aiops(words[1:])
    elif words[0] == "aws":
        # In running text a command may be named without all that it needs.
        assert aws_commands.problems(words, whole=command.line > 0) == []
    elif words[0] == "cookiecutter":
        assert (CHECKOUT / words[words.index("--directory") + 1] / "cookiecutter.json").is_file()
    elif words[:2] == ["python", "-m"]:
        if words[2].startswith("generator."):
            assert importlib.util.find_spec(words[2]), f"there is no module {words[2]}"
            return
        known = {"mlops": options["build"], "operations": options["deploy"]}[words[2]]
        check_module(words[3:], known)
    else:
        pytest.fail(f"{words[0]} is a program that these tests do not know")


def check_make(words: list[str], repository: Path, known: dict[str, set[str]]) -> None:
    if words[:1] == ["-C"]:
        words = words[2:]
    wanted = [word for word in words if "=" not in word and not word.startswith("-")]
    assert set(wanted) <= set(targets(repository)), f"no such target in {repository.name}/Makefile"
    for word in words:
        variable, equals, value = word.partition("=")
        if not equals:
            continue
        declared = rf"\$\({variable}\)|\$\${{{variable}:|^{variable} \??=|^\s*@echo \"  {variable} "
        assert re.search(declared, makefile(repository), re.MULTILINE), f"no variable {variable}"
        if variable == "ARGS" and wanted[0] in known:
            check_module([wanted[0], *value.split()], known)


def check_module(words: list[str], known: dict[str, set[str]]) -> None:
    """Options and sub-commands of `python -m mlops` or `python -m operations`."""
    if words in ([], ["--help"]):
        return
    name = " ".join(words[:2])
    if name not in known:
        name = words[0]
    assert name in known, f"no command {name!r}; there are {', '.join(known)}"
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert given <= known[name] | {"--help"}, f"{name} knows {sorted(known[name])}"


def check_aiops(words: list[str]) -> None:
    command: click.Command = cli
    if words and words[0] in cli.commands:
        command = cli.commands[words[0]]
    known = aiops_options(command) | {"-h", "--help", "--version"}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known, f"aiops {command.name} knows {sorted(known)}"
    assert command is not cli or given, f"no command {words}"


def test_commands_in_rendered_readmes_exist(
    repositories: dict[str, Path], options: dict[str, dict[str, set[str]]]
) -> None:
    for place in ("build", "deploy"):
        found = commands(repositories[place] / "README.md", place)
        assert found, place
        for command in found:
            for part in parts(command):
                check_command(part, repositories, options)
