"""Compares a configuration with the templates: names, questions and answers must exist."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from generator.catalog import Catalog, Template, plain
from generator.config.model import Config
from generator.config.table import Table


def note_unknown(root: Table, config: Config, catalog: Catalog) -> None:
    """Note in the document of `root` what `config` names and `catalog` does not have."""
    templates = {template.name: template for template in catalog.templates}
    for profile, name in config.profiles.items():
        if name not in templates:
            root.table("profiles").note(profile, _no_template(name, templates), name)
    for name, answers in config.answers.items():
        if name not in templates:
            root.table("answers").note(name, _no_template(name, templates))
        else:
            _note_answers(root.table("answers").table(name), answers, templates[name])
    for tenant in () if config.profiles else config.tenants:
        for profile in tenant.profiles:
            if plain(profile) not in catalog.by_profile:
                root.table("tenants").table(tenant.name).note_item(
                    "profiles", profile, "no template answers to it; add it to [profiles]"
                )


def _note_answers(table: Table, answers: Mapping[str, str], template: Template) -> None:
    from generator.answers import RefusedAnswer, check_answer

    for name, answer in answers.items():
        question = template.question(name)
        if question is None:
            near = get_close_matches(name, [known.name for known in template.questions], 1)
            guess = f"did you mean {near[0]}?" if near else "remove it"
            table.note(name, f"template {template.name} does not ask it; {guess}")
            continue
        try:
            check_answer(question, answer)
        except RefusedAnswer as error:
            table.note(name, str(error).partition(": ")[2], answer)


def _no_template(name: str, templates: dict[str, Template]) -> str:
    near = get_close_matches(name, templates, 1)
    guess = f"did you mean {near[0]}?" if near else f"there are {', '.join(templates)}"
    return f"there is no template of that name; {guess}"
