"""Turns an `aiops.toml` into a `Config`, or into an error that lists everything to correct."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from generator.catalog import Catalog, plain
from generator.config import sections
from generator.config.document import Document
from generator.config.errors import ConfigError, Problem
from generator.config.existing import note_unknown
from generator.config.github import read_github
from generator.config.model import Config, Place
from generator.config.table import Table
from generator.config.tenants import read_tenants

# Far above what any organization needs: a wrong file is refused before it is read at length.
LARGEST = 256 * 1024


def load(path: Path) -> Config:
    """Return the configuration in the file `path`; ConfigError lists every problem with its line.

    Only the file is looked at: whether its templates and questions exist is for `check` to say.
    """
    return _read(_document(path))


def check(path: Path, catalog: Callable[[Config], Catalog]) -> Config:
    """Return what `load` returns, once its templates, questions and answers are found to exist.

    catalog: gives the templates that the configuration means.
    """
    document = _document(path)
    config = _read(document)
    note_unknown(Table(document, (), document.content), config, catalog(config))
    document.refuse()
    return config


def _document(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(str(path), [_about(_unreadable(error))]) from None
    if len(content) > LARGEST:
        raise ConfigError(str(path), [_about(f"it is larger than {LARGEST // 1024} KiB")])
    try:
        return Document(str(path), content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(path), [_about("this line is not UTF-8", line)]) from None


def _unreadable(error: OSError) -> str:
    hint = (
        "; `aiops config example FILE` writes one" if isinstance(error, FileNotFoundError) else ""
    )
    return f"it cannot be read: {error.strerror}{hint}"


def _about(fix: str, line: int = 1) -> Problem:
    return Problem(line, None, None, fix)


def _read(document: Document) -> Config:
    root = Table(document, (), document.content)
    github = read_github(root.table("github"))
    naming = sections.read_naming(root.table("naming"))
    config = Config(
        governance=sections.read_governance(root.table("governance")),
        shared_services=sections.read_shared_services(root.table("shared_services")),
        github=github,
        profiles=sections.read_profiles(root.table("profiles")),
        answers=sections.read_answers(root.table("answers")),
        tenants=read_tenants(root.table("tenants"), root.table("naming"), naming),
        naming=naming,
        wait=sections.read_wait(root.table("wait")),
        templates=sections.read_templates(root.table("templates"), root.has("templates")),
        tags=sections.read_tags(root.table("tags")),
        notifications=sections.read_notifications(root.table("notifications")),
        deletion=sections.read_deletion(root.table("deletion")),
        oidc_provider_arns=sections.read_oidc(root.table("oidc"), github.oidc_issuer),
        joining=sections.read_joining(root.table("joining")),
        reserve_concurrency=sections.read_functions(root.table("functions")),
    )
    root.finish()
    _note_foreign_profiles(root, config)
    _note_foreign_partitions(root, config)
    document.refuse()
    return config


def _note_foreign_profiles(root: Table, config: Config) -> None:
    """Where [profiles] lists what is ours, a tenant can have no other profile."""
    ours = set(map(plain, config.profiles))
    for tenant in config.tenants if ours else ():
        for profile in tenant.profiles:
            if plain(profile) not in ours:
                root.table("tenants").table(tenant.name).note_item(
                    "profiles", profile, "is not in [profiles]; add it there, or remove it here"
                )


def _note_foreign_partitions(root: Table, config: Config) -> None:
    """Events, roles and model packages do not cross the border of an AWS partition."""
    home = config.shared_services
    for table, place in _places(root, config):
        if home.region and place.region and place.partition != home.partition:
            table.note(
                "region",
                f"is in the partition {place.partition}, and shared_services.region in"
                f" {home.partition}; all accounts must be in one",
                place.region,
            )


def _places(root: Table, config: Config) -> Iterator[tuple[Table, Place]]:
    yield root.table("governance"), config.governance
    for tenant in config.tenants:
        for stage, place in tenant.stages.items():
            yield root.table("tenants").table(tenant.name).table(stage), place
