"""The templates that exist: their questions and rules, and the project profiles they answer to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from generator.errors import GeneratorError, InputError, shown
from generator.layout import LAYOUTS, QUESTION, SEPARATE, Layout

# Members by which a template would change how its values are rendered.
UNSUPPORTED = {"_extensions", "_jinja2_env_vars"}


class BrokenCatalog(GeneratorError):
    """A template's cookiecutter.json cannot be used; its author must correct it."""


class UnknownTemplate(InputError):
    """No template has this name."""


class UnknownProfile(InputError):
    """No template answers to this project profile."""


@dataclass(frozen=True)
class Rule:
    """What an answer must look like in full (a regular expression) and what to say if not."""

    pattern: re.Pattern[str]
    error: str


@dataclass(frozen=True)
class Question:
    """One question. `default` is a Jinja template over earlier answers; choices may be none."""

    name: str
    prompt: str
    rule: Rule
    default: str
    choices: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """One use case: a folder that cookiecutter renders into a build and a deploy repository.

    layouts: the arrangements of these that it offers, each with the folders that only it has.
    """

    name: str
    version: str
    path: Path
    profiles: tuple[str, ...]
    questions: tuple[Question, ...] = field(repr=False)
    declared_facts: Mapping[str, object] = field(repr=False)
    layouts: Mapping[Layout, tuple[str, ...]] = field(repr=False)

    def question(self, name: str) -> Question | None:
        """Return the question of that name, if the template asks it."""
        return next((question for question in self.questions if question.name == name), None)


@dataclass(frozen=True)
class Catalog:
    """All templates of one folder. `by_profile` has the profiles' plain names as keys."""

    templates: tuple[Template, ...]
    by_profile: Mapping[str, Template]

    def named(self, name: str) -> Template:
        """Return the template of that name; UnknownTemplate lists the known ones."""
        for template in self.templates:
            if template.name == name:
                return template
        known = ", ".join(template.name for template in self.templates)
        raise UnknownTemplate(f"there is no template {shown(name)}; there are: {known}")

    def for_profile(self, profile: str) -> Template:
        """Return the template for a project profile, however its name is written.

        Case, spaces, hyphens, underscores and punctuation do not count; letters of other scripts
        do. UnknownProfile lists the known ones.
        """
        template = self.by_profile.get(plain(profile))
        if template is None:
            known = "; ".join(f"{t.name}: {', '.join(t.profiles)}" for t in self.templates)
            raise UnknownProfile(
                f"no template answers to the project profile {shown(profile)}; known are: {known}"
            )
        return template


def load(folder: Path) -> Catalog:
    """Read `folder`/*/cookiecutter.json; folders without one hold shared parts.

    Raises BrokenCatalog when there is none, or one cannot be used.
    """
    files = sorted(folder.glob("*/cookiecutter.json"))
    if not files:
        raise BrokenCatalog(f"there are no templates in {folder}")
    templates = tuple(_read(file) for file in files)
    return Catalog(templates, _claims(templates))


def _claims(templates: Iterable[Template]) -> dict[str, Template]:
    names: set[str] = set()
    claimed: dict[str, Template] = {}
    for template in templates:
        if template.name in names:
            raise BrokenCatalog(f"two templates are called {template.name}")
        names.add(template.name)
        for profile in template.profiles:
            other = claimed.setdefault(plain(profile), template)
            if other is not template:
                raise BrokenCatalog(
                    f"the project profile {shown(profile)} is claimed by the templates"
                    f" {other.name} and {template.name}: only one may answer to it"
                )
    return claimed


def plain(profile: str) -> str:
    """Return a profile's name without what does not count when names are compared."""
    return "".join(letter for letter in profile.casefold() if letter.isalnum())


def _read(file: Path) -> Template:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _broken(file, str(error))
    if not isinstance(raw, dict):
        _broken(file, "is not a JSON object")
    if found := UNSUPPORTED & set(raw):
        _broken(file, f"{', '.join(sorted(found))} would run code of its own")
    origin = _object(file, raw, "_origin")
    rules, prompts = _object(file, raw, "_rules"), _object(file, raw, "__prompts__")
    asked = {name: value for name, value in raw.items() if not name.startswith("_")}
    for member, described in (("_rules", rules), ("__prompts__", prompts)):
        if odd := set(described) ^ set(asked):
            _broken(file, f"{member} and the questions differ: {', '.join(sorted(odd))}")
    profiles = raw.get("_project_profiles")
    if not isinstance(profiles, list) or not profiles:
        _broken(file, "_project_profiles is not a list of names")
    for profile in profiles:
        if not isinstance(profile, str) or not plain(profile):
            _broken(file, f"_project_profiles has {shown(profile)}, which is no name")
    questions = tuple(
        _question(file, name, asked[name], _rule(file, name, rules[name]), prompts[name])
        for name in asked
    )
    return Template(
        name=_form(file, origin, "name", r"[a-z][a-z0-9_]*"),
        version=_form(file, origin, "version", r"[0-9]+\.[0-9]+\.[0-9]+"),
        path=file.parent,
        profiles=tuple(profiles),
        questions=questions,
        declared_facts=_object(file, raw, "_facts"),
        layouts=_layouts(file, raw, questions),
    )


def _layouts(
    file: Path, raw: dict[str, Any], questions: Iterable[Question]
) -> dict[Layout, tuple[str, ...]]:
    """Read `_layouts`: what the question for the layout offers, and nothing else, is there."""
    given = _object(file, {"_layouts": {SEPARATE: []}, **raw}, "_layouts")
    asked = next((q.choices for q in questions if q.name == QUESTION), (SEPARATE,))
    found: dict[Layout, tuple[str, ...]] = {}
    for layout in LAYOUTS:
        folders = given.get(layout, [])
        if not isinstance(folders, list) or not all(map(_is_inside, folders)):
            _broken(file, f"_layouts.{layout} = {shown(folders)} is not a list of folders in it")
        if layout in given:
            found[layout] = tuple(folders)
    if set(asked) != set(given) or set(given) != set(found):
        _broken(
            file,
            f"_layouts has {', '.join(map(shown, given))}, the choices of {QUESTION} are"
            f" {', '.join(map(shown, asked))}: both must be the same, of {', '.join(LAYOUTS)}",
        )
    return found


def _is_inside(folder: object) -> bool:
    """Whether it is the plain path of a folder below the project's."""
    if not isinstance(folder, str):
        return False
    path = PurePosixPath(folder)
    return folder == str(path) != "." and not path.is_absolute() and ".." not in path.parts


def _question(file: Path, name: str, default: object, rule: Rule, prompt: object) -> Question:
    if isinstance(default, str):
        choices: tuple[str, ...] = ()
    elif isinstance(default, list) and default and all(isinstance(c, str) for c in default):
        choices = tuple(default)
        default = choices[0]
    else:
        _broken(file, f"{name} = {shown(default)} is neither text nor choices")
    labels: dict[str, Any] = prompt if isinstance(prompt, dict) else {"__prompt__": prompt}
    if not all(isinstance(text, str) for text in labels.values()):
        _broken(file, f"__prompts__.{name} = {shown(prompt)} is neither text nor texts")
    return Question(
        name=name,
        prompt=labels.get("__prompt__", name),
        rule=rule,
        default=default,
        choices=choices,
        labels=tuple(labels.get(choice, choice) for choice in choices),
    )


def _rule(file: Path, name: str, rule: object) -> Rule:
    if not isinstance(rule, dict) or not isinstance(rule.get("error"), str):
        _broken(file, f"_rules.{name} = {shown(rule)} needs a pattern and an error")
    try:
        return Rule(re.compile(rule["pattern"]), rule["error"])
    except (KeyError, TypeError, re.error) as error:
        _broken(file, f"_rules.{name} has no usable pattern: {error}")


def _object(file: Path, raw: dict[str, Any], member: str) -> dict[str, Any]:
    value = raw.get(member)
    if not isinstance(value, dict):
        _broken(file, f"{member} is not an object")
    return value


def _form(file: Path, origin: dict[str, Any], member: str, pattern: str) -> str:
    value = origin.get(member)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        _broken(file, f"_origin.{member} = {shown(value)} is not of the form {pattern}")
    return value


def _broken(file: Path, problem: str) -> NoReturn:
    raise BrokenCatalog(f"{file}: {problem}")
