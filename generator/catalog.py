"""The templates that exist: their questions and rules, and the project profiles they answer to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.errors import GeneratorError, InputError, shown

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
    """One use case: a folder that cookiecutter renders into a build and a deploy repository."""

    name: str
    version: str
    path: Path
    profiles: tuple[str, ...]
    questions: tuple[Question, ...] = field(repr=False)
    declared_facts: Mapping[str, object] = field(repr=False)

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
        template = self.by_profile.get(_plain(profile))
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
            other = claimed.setdefault(_plain(profile), template)
            if other is not template:
                raise BrokenCatalog(
                    f"the project profile {shown(profile)} is claimed by the templates"
                    f" {other.name} and {template.name}: only one may answer to it"
                )
    return claimed


def _plain(profile: str) -> str:
    return "".join(letter for letter in profile.casefold() if letter.isalnum())


class _Origin(BaseModel):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")


class _Rule(BaseModel):
    pattern: re.Pattern[str]
    error: str = Field(min_length=1)


class _Settings(BaseModel):
    """The members of cookiecutter.json that are ours; the questions stand beside them."""

    model_config = ConfigDict(extra="allow")

    origin: _Origin = Field(alias="_origin")
    profiles: list[str] = Field(alias="_project_profiles", min_length=1)
    rules: dict[str, _Rule] = Field(alias="_rules")
    prompts: dict[str, str | dict[str, str]] = Field(alias="__prompts__")
    facts: dict[str, object] = Field(alias="_facts")


def _read(file: Path) -> Template:
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        settings = _Settings.model_validate(raw)
    except (ValueError, ValidationError) as error:
        raise BrokenCatalog(f"{file}: {error}") from None
    if found := UNSUPPORTED & set(raw):
        raise BrokenCatalog(f"{file}: {', '.join(sorted(found))} would run code of its own")
    asked = {name: value for name, value in raw.items() if not name.startswith("_")}
    described = [("_rules", set(settings.rules)), ("__prompts__", set(settings.prompts))]
    for member, names in described:
        if names != set(asked):
            odd = ", ".join(sorted(names ^ set(asked)))
            raise BrokenCatalog(f"{file}: {member} and the questions differ: {odd}")
    for profile in settings.profiles:
        if not _plain(profile):
            raise BrokenCatalog(f"{file}: _project_profiles has {shown(profile)}, which is no name")
    return Template(
        name=settings.origin.name,
        version=settings.origin.version,
        path=file.parent,
        profiles=tuple(settings.profiles),
        questions=tuple(_question(file, name, asked[name], settings) for name in asked),
        declared_facts=settings.facts,
    )


def _question(file: Path, name: str, default: object, settings: _Settings) -> Question:
    rule = settings.rules[name]
    prompt = settings.prompts[name]
    if isinstance(default, str):
        choices: tuple[str, ...] = ()
    elif isinstance(default, list) and default and all(isinstance(c, str) for c in default):
        choices = tuple(default)
        default = choices[0]
    else:
        raise BrokenCatalog(f"{file}: {name} = {shown(default)} is neither text nor choices")
    labels = prompt if isinstance(prompt, dict) else {}
    return Question(
        name=name,
        prompt=labels.get("__prompt__", name) if isinstance(prompt, dict) else prompt,
        rule=Rule(rule.pattern, rule.error),
        default=default,
        choices=choices,
        labels=tuple(labels.get(choice, choice) for choice in choices),
    )
