"""Patterns of names, such as `{project_id}-{domain_id}-deploy-repo`: which are sound, and filling.

A pattern is judged by the longest and oddest names that it can give, before there is a project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator import patterns

PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
# The longest id that DataZone gives, and ids that start and end with what names may not.
_LONGEST = {"project_id": "p" * 36, "domain_id": "dzd_" + "d" * 36, "stage": "prod"}
_ODDEST = {"project_id": "-_", "domain_id": "dzd-_", "stage": "dev"}


@dataclass(frozen=True)
class NameForm:
    """Names of one kind: what their last part must match, how long it may be, and placeholders.

    Every name must have the project's id in it: otherwise two projects would have one name.
    """

    what: str
    pattern: str
    longest: int
    placeholders: tuple[str, ...]


# GitHub: a repository's name. IAM: a role's name; a path may stand before it.
DEPLOY_REPOSITORY = NameForm(
    "the name of a GitHub repository",
    r"(?!\.{1,2}$)(?!.*\.(?:git|wiki)$)[A-Za-z0-9._-]+",
    100,
    ("project_id", "domain_id"),
)
ROLE = NameForm(
    "the name of an IAM role",
    r"[A-Za-z0-9+=,.@_-]+",
    64,
    ("project_id", "domain_id", "stage", "tenant"),
)
# IAM allows 512 characters with the slash in front.
_ROLE_PATH = re.compile(r"(?=.{0,500}$)(?:[A-Za-z0-9+=,.@_-]+/)*")


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """Return `pattern` with each placeholder replaced; KeyError for one without a value."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], pattern)


def problems_of(form: NameForm, pattern: str, tenant: str = "") -> Iterator[str]:
    """Yield what must be changed in `pattern`; `tenant` is the name for {tenant}."""
    asked = PLACEHOLDER.findall(pattern)
    known = ", ".join(f"{{{name}}}" for name in form.placeholders)
    if odd := [name for name in asked if name not in form.placeholders]:
        yield f"there is no placeholder {{{odd[0]}}}; there are {known}"
        return
    if re.search(r"[{}]", PLACEHOLDER.sub("", pattern)):
        yield f"a brace does not belong to a placeholder; there are {known}"
        return
    folder, name = _split(form, pattern)
    if "{project_id}" not in name:
        yield "put {project_id} into it, so that every project has its own"
    longest = fill(name, _LONGEST | {"tenant": tenant})
    samples = [longest, fill(name, _ODDEST | {"tenant": tenant})]
    if len(longest) > form.longest:
        yield (
            f"{form.what} has at most {form.longest} characters, and this can give"
            f" {len(longest)}: shorten it by {len(longest) - form.longest}"
        )
    elif not all(patterns.matches(form.pattern, sample) for sample in samples):
        yield f"it gives {samples[1]!r}, which is not {form.what}"
    if not _ROLE_PATH.fullmatch(fill(folder, _LONGEST | {"tenant": tenant})):
        yield "the part before the last / is not a path of IAM roles"


def _split(form: NameForm, pattern: str) -> tuple[str, str]:
    """Return (path with its last slash, name); only roles have paths."""
    if form is not ROLE or "/" not in pattern:
        return "", pattern
    folder, _, name = pattern.rpartition("/")
    return f"{folder}/", name
