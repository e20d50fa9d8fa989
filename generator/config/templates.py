"""The templates that a configuration means: the built-in ones, or a pinned commit of a repository.

A fetched commit is kept in a folder of its own, named by its id, and checked against that id when
it is found again. Processes that want the same commit at once wait for the first of them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generator.catalog import BrokenCatalog, Catalog, load
from generator.config.model import Config, TemplateSource
from generator.errors import InputError, shown
from generator.location import templates_folder
from generator.remotes import Remote, RemoteUnavailable, TokenProvider

if TYPE_CHECKING:
    from dulwich.objects import ObjectID

CACHE_VARIABLE = "AIOPS_CACHE"


class UnusableTemplates(InputError):
    """The pinned commit is no collection of templates."""


class UnsafeCache(InputError):
    """The folder for fetched templates is not ours alone."""


def templates_of(config: Config, token: TokenProvider | None = None) -> Catalog:
    """Return the templates that `config` means, fetched if need be.

    token: for GitHub; it is sent to no other host. Raises NotPinned, TemplatesRefused,
    UnsafeContent, UnusableTemplates or UnsafeCache, and RemoteUnavailable, which may pass.
    """
    source = config.templates
    if source is None:
        return load(templates_folder())
    ours = urlsplit(source.repository)[:2] == urlsplit(config.github.git_url)[:2]
    remote = Remote(source.repository, in_folder=False, token=token if ours else None)
    checkout = fetched(remote, source)
    try:
        return load(checkout / source.folder)
    except BrokenCatalog as error:
        raise UnusableTemplates(
            f"templates.repository {source.repository} at {source.ref}, folder {source.folder}:"
            f" {str(error).replace(f'{checkout}/', '')}"
        ) from None


def fetched(remote: Remote, source: TemplateSource) -> Path:
    """Return a folder with the files of the commit that `source` names; nothing changes in it."""
    from generator.config.checkout import holds
    from generator.config.pinned import commit_of_tag

    commit = _commit_id(source.ref) if source.is_commit else commit_of_tag(remote, source.ref)
    place = cache_folder() / commit.decode()
    if not holds(place, commit):
        with _alone(place):
            # Another process may have fetched it while we waited.
            if not holds(place, commit):
                _fetch_into(place, remote, source, commit)
    return place / "files"


def cache_folder() -> Path:
    """Return the folder for fetched templates, made when needed: AIOPS_CACHE, or a temporary one.

    UnsafeCache when others could write there: templates are code.
    """
    told = os.environ.get(CACHE_VARIABLE)
    folder = Path(told) if told else Path(tempfile.gettempdir(), f"aiops-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.lstat()
    except OSError as error:
        raise UnsafeCache(
            f"{folder} cannot be used: {error.strerror}; set {CACHE_VARIABLE}"
        ) from None
    if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o022:
        raise UnsafeCache(
            f"{folder} belongs to somebody else, or others may write there; remove it, or set"
            f" {CACHE_VARIABLE} to a folder of your own"
        )
    return folder.resolve()


def _commit_id(text: str) -> ObjectID:
    from dulwich.objects import ObjectID

    return ObjectID(text.encode())


def _fetch_into(place: Path, remote: Remote, source: TemplateSource, commit: ObjectID) -> None:
    """Make `place` in one step; what a crash or a cleaner left there is no checkout any more."""
    from dulwich.errors import FileFormatException

    from generator.config.checkout import UnsafeContent, write_commit
    from generator.config.pinned import fetch_commit

    repo, found = fetch_commit(remote, commit)
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        write_commit(repo.object_store, found, aside)
        if place.exists():
            shutil.rmtree(place)
        aside.rename(place)
    except UnsafeContent as error:
        raise UnsafeContent(f"{source.repository} at {source.ref}: {error}") from None
    except (KeyError, FileFormatException) as error:
        raise RemoteUnavailable(
            f"{source.repository} at {source.ref}: the server sent something that is not whole:"
            f" {shown(error, 200)}"
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Wait until no other process or thread makes `place`."""
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
