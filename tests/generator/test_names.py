"""How a project's names follow from DataZone's: always the same, always usable."""

from __future__ import annotations

import random

import pytest
from generator_stage import BUILD, DEPLOY, DOMAIN, INJECTIONS, PROJECT, catalog

from generator import patterns
from generator.answers import complete
from generator.errors import InputError
from generator.names import deploy_repository, project_name

NAMES = {
    "House prices": ("House prices", "house-prices"),
    "Prévision des ventes": ("Prevision des ventes", "prevision-des-ventes"),
    "Größe_A-1": ("Grosse_A-1", "grosse-a-1"),
    "日本 forecast": ("Ri Ben forecast", "ri-ben-forecast"),
    "2026 prices": ("2026 prices", "project-2026-prices"),
    "  _x": ("x", "x"),
    "-": (f"Project {PROJECT}", f"project-{PROJECT}"),
    "n" * 64: ("n" * 64, "n" * 40),
    "word " * 12: (("word " * 12).strip(), "word-word-word-word-word-word-word-word"),
    "h\N{CYRILLIC SMALL LETTER O}use": ("house", "house"),
}


@pytest.mark.parametrize("given", NAMES)
def test_names_that_follow(given: str) -> None:
    name = project_name(given, PROJECT)
    for template in catalog().templates:
        slug = complete(template, {"project_name": name})["project_slug"]
        assert (name, slug) == NAMES[given]


@pytest.mark.parametrize("payload", INJECTIONS)
def test_what_datazone_cannot_have_given_is_no_name(payload: str) -> None:
    value = INJECTIONS[payload]
    if payload in {"look-alike", "full-width", "other-digits"}:  # letters and digits: DataZone may
        assert project_name(value, PROJECT) in {"house", "x", "1"}
        return
    with pytest.raises(InputError, match="not a name that DataZone gives") as refused:
        project_name(value, PROJECT)
    assert str(refused.value).isascii()


def test_whatever_datazone_gives_becomes_answers_that_pass_every_rule() -> None:
    dice = random.Random(7)
    letters = [chr(code) for code in range(32, 0x3000) if chr(code).isalnum() or chr(code) in " -_"]
    for _ in range(300):
        given = "".join(dice.choices(letters, k=dice.randint(1, 64)))
        name = project_name(given, PROJECT)
        assert patterns.matches(patterns.NAME, name), ascii(given)
        for template in catalog().templates:
            complete(template, {"project_name": name})


def test_the_deploy_repository_is_beside_the_build_repository() -> None:
    assert deploy_repository(BUILD, PROJECT, DOMAIN) == DEPLOY
    longest = deploy_repository("o/r", "p" * 36, "dzd_" + "d" * 36)
    assert patterns.matches(patterns.REPOSITORY, longest)
