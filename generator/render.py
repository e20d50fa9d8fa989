"""Renders a template into the files of its repositories, with cookiecutter itself.

Its three steps (read the questions, take the answers, write the files) run without the parts that
touch the user's folder: no configuration, no replay file, no clone. Hooks are not run: what they
check has been checked before, and each would cost a process. Most files of a template are copied
as they are; those are read where they stand, and cookiecutter sees the others only.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cookiecutter.environment import StrictEnvironment
from cookiecutter.exceptions import CookiecutterException
from cookiecutter.find import find_template
from cookiecutter.generate import generate_context, generate_files, is_copy_only_path
from cookiecutter.prompt import prompt_for_config
from jinja2 import TemplateError

from generator.answers import complete
from generator.catalog import BrokenCatalog, Template
from generator.facts import check_facts
from generator.files import Files, link_all_but, read_all
from generator.layout import MONOREPO, PROJECT, QUESTION, ROLES, SEPARATE, Layout

# cookiecutter changes the process's working directory while it writes files.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Rendering:
    """A rendered project: its folder's name, and its files by their path in that folder."""

    slug: str
    layout: Layout
    files: Files = field(repr=False)

    @property
    def repositories(self) -> dict[str, Files]:
        """Return the files of each repository by their path in it, by the repository's role."""
        if self.layout == MONOREPO:
            return {PROJECT: self.files}
        return {role: self.folder(role) for role in ROLES}

    def folder(self, role: str) -> Files:
        """Return the files of one role by their path in its folder."""
        inside = f"{role}/"
        return {
            path.removeprefix(inside): file
            for path, file in self.files.items()
            if path.startswith(inside)
        }


def render(
    template: Template, given: Mapping[str, object], facts: Mapping[str, object] | None = None
) -> Rendering:
    """Return the files of `template` for the `given` answers and the project's `facts`.

    The same input gives the same bytes, and the same as plain cookiecutter writes. Raises
    RefusedAnswer, UnknownQuestion or UnusableFact before anything is rendered.
    """
    answers = complete(template, given)
    check_facts(facts or {}, template.declared_facts)
    context = generate_context(
        context_file=str(template.path / "cookiecutter.json"),
        extra_context={**answers, "_facts": facts or {}},
    )
    context["cookiecutter"].update(prompt_for_config(context, no_input=True))
    try:
        slug, files = _write(template, context)
    except (TemplateError, CookiecutterException, OSError) as error:
        raise BrokenCatalog(f"template {template.name} cannot be rendered: {error}") from error
    layout = MONOREPO if answers.get(QUESTION) == MONOREPO else SEPARATE
    return Rendering(slug, layout, _of_layout(template, layout, files))


def _write(template: Template, context: dict[str, Any]) -> tuple[str, Files]:
    """Return the project's folder's name, and all of its files by their path in it."""
    project = find_template(template.path, StrictEnvironment())
    with tempfile.TemporaryDirectory(prefix="aiops-render-") as folder:
        part, output = Path(folder, "template"), Path(folder, "output")
        (part / project.name).mkdir(parents=True)
        (part / "templates").symlink_to(template.path / "templates")
        copied = link_all_but(
            lambda path: is_copy_only_path(path, context), project, part / project.name
        )
        with _one_at_a_time:
            written = generate_files(
                repo_dir=part, context=context, output_dir=output, accept_hooks=False
            )
        return Path(written).name, copied | read_all(Path(written))


def _of_layout(template: Template, layout: Layout, files: Files) -> Files:
    """Return `files` without what only another layout has, as the template's hook does."""
    elsewhere = [
        f"{folder}/"
        for other, folders in template.layouts.items()
        if other != layout
        for folder in folders
    ]
    kept = {
        path: file for path, file in sorted(files.items()) if not path.startswith(tuple(elsewhere))
    }
    if layout == SEPARATE:
        _require_roles(template, kept)
    return kept


def _require_roles(template: Template, paths: Iterable[str]) -> None:
    for path in paths:
        role, _, inside = path.partition("/")
        if role not in ROLES or not inside:
            raise BrokenCatalog(
                f"template {template.name} renders {path}: everything belongs to one of the"
                f" repositories {' and '.join(ROLES)}"
            )
