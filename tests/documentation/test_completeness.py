"""Every command, option, target and variable is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documentation.interfaces import aiops_options, makefile, targets
from documentation.pages import CHECKOUT_PLACE, DOCS, LLM_PLACE, RAG_PLACE, codes, prose, rows
from generator.cli import cli

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")

MAKE_PAGES = {
    CHECKOUT_PLACE: DOCS / "commands" / "make.md",
    "build": DOCS / "commands" / "build-make.md",
    "deploy": DOCS / "commands" / "deploy-make.md",
}


def test_every_aiops_command_has_a_page_with_its_options() -> None:
    assert {page.stem for page in (DOCS / "commands").glob("aiops-*.md")} == {
        f"aiops-{name}" for name in cli.commands
    }
    for name, command in cli.commands.items():
        page = DOCS / "commands" / f"aiops-{name}.md"
        assert f"# aiops {name}" in page.read_text()
        documented = {
            part.strip().split(" ")[0]
            for row in rows(page, "option")
            for code in codes(row["option"])
            for part in code.split(",")
        }
        assert aiops_options(command) <= documented, name


@pytest.mark.parametrize("place", MAKE_PAGES)
def test_every_make_target_is_documented(place: str, repositories: dict[str, Path]) -> None:
    page = MAKE_PAGES[place]
    known = set(targets(repositories[place]))
    assert known, "the Makefile documents its targets with ##"
    documented = {
        re.sub(r"^make ", "", code)
        for row in rows(page, "command")
        for code in codes(row["command"])
        if code.startswith("make ")
    }
    assert documented == known
    variables = re.findall(r"^([A-Z]+) \?=", makefile(repositories[place]), re.MULTILINE)
    explained = {code for row in rows(page, "variable") for code in codes(row["variable"])}
    assert set(variables) <= explained


OWN_TARGETS = {LLM_PLACE: "build", RAG_PLACE: "build", f"{RAG_PLACE}/deploy": "deploy"}


@pytest.mark.parametrize("place", OWN_TARGETS)
def test_what_a_template_adds_to_the_makefile_is_on_its_page(
    place: str, repositories: dict[str, Path]
) -> None:
    own = set(targets(repositories[place])) - set(targets(repositories[OWN_TARGETS[place]]))
    assert own, "it adds none: take the place out of this test"
    page = DOCS / "templates" / f"{place.partition('/')[0]}.md"
    named = {code.removeprefix("make ").split(" ")[0] for code in codes(prose(page))}
    assert own <= named


def test_every_mlops_command_and_option_is_documented(
    options: dict[str, dict[str, set[str]]],
) -> None:
    check_documented_options(DOCS / "commands" / "mlops.md", "python -m mlops", options["build"])


def test_every_option_of_an_operation_is_documented(
    options: dict[str, dict[str, set[str]]],
) -> None:
    page = DOCS / "commands" / "deploy-make.md"
    explained = {code for row in rows(page, "variable") for code in codes(row["variable"])}
    known = set.union(*options["deploy"].values())
    assert {option.strip("-").replace("-", "_").upper() for option in known} <= explained


def check_documented_options(page: Path, program: str, known: dict[str, set[str]]) -> None:
    """Below `## python -m mlops run` a table has every option of it."""
    text = prose(page)
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for name, given in known.items():
        section = sections.get(f"{program} {name.split(' ')[0]}", "")
        assert section, f"{page.name} has no section `{program} {name}`"
        assert f"{program} {name}" in section + f"{program} {name.split(' ')[0]}", name
        for option in given:
            assert re.search(rf"`[^`]*(?<![\w-]){re.escape(option)}(?![\w-])", section), (
                f"{program} {name}: {option}"
            )
