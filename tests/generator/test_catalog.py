"""Which template answers to a project profile, and which catalogs are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from generator_stage import catalog

from generator.catalog import BrokenCatalog, Catalog, UnknownProfile, UnknownTemplate, load
from generator.errors import InputError
from generator.location import ENVIRONMENT_VARIABLE, templates_folder

SETTINGS: dict[str, Any] = {
    "project_name": "Demo",
    "size": ["small", "large"],
    "__prompts__": {"project_name": "Its name", "size": {"__prompt__": "How big?", "small": "S"}},
    "_rules": {
        "project_name": {"pattern": "[A-Za-z ]{1,20}", "error": "use letters"},
        "size": {"pattern": "small|large", "error": "use small or large"},
    },
    "_origin": {"name": "one", "version": "1.2.3"},
    "_project_profiles": ["First Profile"],
    "_facts": {"project": {"id": None}},
}


def written(folder: Path, **templates: dict[str, Any]) -> Catalog:
    for name, changes in templates.items():
        settings = {**SETTINGS, "_origin": {"name": name, "version": "1.2.3"}, **changes}
        settings = {key: value for key, value in settings.items() if value is not ...}
        (folder / name).mkdir()
        (folder / name / "cookiecutter.json").write_text(json.dumps(settings))
    return load(folder)


SPELLINGS = [
    "First Profile",
    "first profile",
    "FIRST-PROFILE",
    "first_profile",
    "FirstProfile",
    "  First --  Profile! ",
    "first.profile",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_profile_is_found_however_it_is_written(spelling: str, tmp_path: Path) -> None:
    found = written(tmp_path, one={}, two={"_project_profiles": ["second"]})
    assert found.for_profile(spelling).name == "one"


STRANGERS = [
    "third",
    "First",
    "First Profile 2",
    "",
    "--",
    "F\N{CYRILLIC SMALL LETTER I}rst Profile",
]


@pytest.mark.parametrize("profile", STRANGERS)
def test_an_unknown_profile_lists_the_known_ones(profile: str, tmp_path: Path) -> None:
    found = written(tmp_path, one={}, two={"_project_profiles": ["second", "zweites"]})
    with pytest.raises(
        UnknownProfile, match=r"known are: one: First Profile; two: second, zweites"
    ) as unknown:
        found.for_profile(profile)
    assert str(unknown.value).isascii()


def test_an_unknown_template_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownTemplate, match="no template 'three'; there are: one, two"):
        written(tmp_path, one={}, two={"_project_profiles": ["second"]}).named("three")


def test_folders_without_questions_are_no_templates(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    assert [template.name for template in written(tmp_path, one={}).templates] == ["one"]


def test_a_template_as_its_author_wrote_it(tmp_path: Path) -> None:
    template = written(tmp_path, one={}).named("one")
    assert (template.version, template.path) == ("1.2.3", tmp_path / "one")
    name, size = template.questions
    assert (name.prompt, name.default, name.choices) == ("Its name", "Demo", ())
    assert (size.prompt, size.default) == ("How big?", "small")
    assert (size.choices, size.labels) == (("small", "large"), ("S", "large"))


BROKEN: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "none": ({}, "no templates"),
    "one profile, two templates": (
        {"one": {}, "two": {"_project_profiles": ["first-PROFILE"]}},
        "'first-PROFILE' is claimed by the templates one and two",
    ),
    "one name, two templates": (
        {"one": {}, "two": {"_origin": SETTINGS["_origin"], "_project_profiles": ["x"]}},
        "two templates are called one",
    ),
    "a question without a rule": ({"one": {"extra": "x"}}, "_rules and the questions differ"),
    "a prompt without a question": ({"one": {"size": ...}}, "differ: size"),
    "a question that is a table": ({"one": {"size": {"a": "b"}}}, "neither text nor choices"),
    "no choices": ({"one": {"size": []}}, "neither text nor choices"),
    "a rule that is no pattern": (
        {"one": {"_rules": {**SETTINGS["_rules"], "size": {"pattern": "(", "error": "x"}}}},
        "pattern",
    ),
    "no profiles": ({"one": {"_project_profiles": []}}, "_project_profiles"),
    "a profile without letters": ({"one": {"_project_profiles": ["--"]}}, "no name"),
    "no version": ({"one": {"_origin": {"name": "one"}}}, "version"),
    "a layout without a question": (
        {"one": {"_layouts": {"separate": [], "monorepo": []}}},
        "_layouts has 'separate', 'monorepo', the choices of repo_layout are 'separate'",
    ),
    "an unknown layout": ({"one": {"_layouts": {"separate": [], "nested": []}}}, "'nested'"),
    "a folder above": ({"one": {"_layouts": {"separate": ["a/../../b"]}}}, "_layouts.separate"),
    "an absolute folder": ({"one": {"_layouts": {"separate": ["/tmp"]}}}, "_layouts.separate"),
    "the whole project": ({"one": {"_layouts": {"separate": ["."]}}}, "_layouts.separate"),
    "layouts in no table": ({"one": {"_layouts": ["separate"]}}, "_layouts is not an object"),
    "no facts": ({"one": {"_facts": ...}}, "_facts"),
    "code of its own": ({"one": {"_extensions": ["os"]}}, "run code of its own"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_catalogs_are_refused(case: str, tmp_path: Path) -> None:
    templates, said = BROKEN[case]
    with pytest.raises(BrokenCatalog, match=said):
        written(tmp_path, **templates)


def test_a_file_that_is_not_json(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "cookiecutter.json").write_text("{")
    with pytest.raises(BrokenCatalog, match=r"cookiecutter\.json"):
        load(tmp_path)


def test_the_collection_answers_to_its_own_profiles() -> None:
    found = catalog()
    assert found.templates
    for template in found.templates:
        assert template.path.name == template.name
        for profile in template.profiles:
            assert found.for_profile(profile.upper().replace(" ", "_")) is template


def test_templates_can_be_taken_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    assert templates_folder() == tmp_path
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "missing"))
    with pytest.raises(InputError, match="not a folder of templates"):
        templates_folder()
