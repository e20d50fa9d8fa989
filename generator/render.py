"""Renders a template into the files of its repositories, with cookiecutter itself.

Its three steps (read the questions, take the answers, write the files) run without the parts that
touch the user's folder: no configuration, no replay file, no clone. Hooks are not run: what they
check has been checked before, and each would cost a process.
"""

from __future__ import annotations

import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from cookiecutter.exceptions import CookiecutterException
from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config
from jinja2 import TemplateError

from generator.answers import complete
from generator.catalog import BrokenCatalog, Template
from generator.facts import check_facts

ROLES = ("build", "deploy")
PLAIN, EXECUTABLE = 0o100644, 0o100755
# What working in a checkout or byte-compiling an installed package leaves among the templates.
LEFTOVERS = ("__pycache__", "*.pyc", ".*_cache", ".DS_Store")

# cookiecutter changes the process's working directory while it writes files.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class File:
    """Content of one file and its mode in git: 0o100644 or 0o100755."""

    mode: int
    content: bytes


Files = dict[str, File]


@dataclass(frozen=True)
class Rendering:
    """A rendered project: its folder's name, and the files of each repository by their path."""

    slug: str
    repositories: dict[str, Files]


def render(
    template: Template, given: Mapping[str, object], facts: Mapping[str, object] | None = None
) -> Rendering:
    """Return the files of `template` for the `given` answers and the project's `facts`.

    The same input gives the same bytes, and the same as plain cookiecutter writes. Raises
    RefusedAnswer, UnknownQuestion or UnusableFact before anything is rendered.
    """
    answers = complete(template, given)
    check_facts(facts or {}, template.declared_facts)
    with tempfile.TemporaryDirectory(prefix="aiops-render-") as folder:
        project = _write(template, answers, facts or {}, Path(folder))
        repositories = {entry.name: _read(entry) for entry in sorted(project.iterdir())}
    if set(repositories) != set(ROLES):
        raise BrokenCatalog(
            f"template {template.name} renders {', '.join(repositories)} instead of the"
            f" repositories {' and '.join(ROLES)}"
        )
    return Rendering(project.name, repositories)


def _write(
    template: Template, answers: Mapping[str, str], facts: Mapping[str, object], folder: Path
) -> Path:
    context = generate_context(
        context_file=str(template.path / "cookiecutter.json"),
        extra_context={**answers, "_facts": facts},
    )
    questions = context["cookiecutter"]
    questions.update(prompt_for_config(context, no_input=True))
    try:
        with _one_at_a_time:
            written = generate_files(
                repo_dir=template.path,
                context=context,
                output_dir=folder,
                accept_hooks=False,
            )
    except (TemplateError, CookiecutterException, OSError) as error:
        raise BrokenCatalog(f"template {template.name} cannot be rendered: {error}") from error
    return Path(written)


def _read(folder: Path) -> Files:
    return dict(_walk(folder, folder))


def _walk(folder: Path, root: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(folder.iterdir()):
        if any(fnmatch(path.name, leftover) for leftover in LEFTOVERS):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path, root)
        elif stat.S_ISREG(mode):
            executable = bool(mode & stat.S_IXUSR)
            yield (
                path.relative_to(root).as_posix(),
                File(EXECUTABLE if executable else PLAIN, path.read_bytes()),
            )
        else:
            raise BrokenCatalog(f"{path.relative_to(root)} is neither a file nor a folder")
