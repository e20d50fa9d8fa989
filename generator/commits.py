"""Lays a rendered repository's files over what a branch already has, as git objects in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from dulwich.index import commit_tree
from dulwich.object_store import BaseObjectStore, iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID

from generator.files import File, Files
from generator.layout import BUILD, PROJECT

CONFIG = "cicd-config.json"
# Where that of the first of two folders is.
FOLDER_CONFIG = f"{BUILD}/{CONFIG}"
README = "README.md"
AUTHOR = b"AIOps project generator <generator@aiops.invalid>"

Entries = dict[str, tuple[int, ObjectID]]


@dataclass(frozen=True)
class Tip:
    """The newest commit of a branch: `entries` are (mode, blob id) by path."""

    commit: ObjectID
    tree: ObjectID
    is_root: bool
    message: str
    entries: Entries
    store: BaseObjectStore

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path`, or None when there is no such file."""
        if path not in self.entries:
            return None
        found = self.store[self.entries[path][1]]
        return found.data if isinstance(found, Blob) else None


@dataclass(frozen=True)
class Owner:
    """Whom a repository says it belongs to, in its cicd-config.json; role: build, deploy, project.

    The role is `project` where build and deploy are folders of one repository.
    """

    project_id: str
    role: str


def read_tip(store: BaseObjectStore, commit_id: ObjectID) -> Tip:
    """Return the tip `commit_id`, whose commit, trees and blobs are in `store`."""
    commit = store[commit_id]
    if not isinstance(commit, Commit):
        raise ValueError(f"{commit_id.decode()} is not a commit")
    entries: Entries = {}
    for entry in iter_tree_contents(store, commit.tree):
        # A path that is not UTF-8 keeps its bytes (surrogateescape) on the way in and out.
        path = (entry.path or b"").decode("utf-8", "surrogateescape")
        entries[path] = (entry.mode or 0, entry.sha or ObjectID(b""))
    message = commit.message.decode("utf-8", "replace")
    return Tip(commit_id, commit.tree, not commit.parents, message, entries, store)


def owner_of(tip: Tip) -> Owner | None:
    """Return whom the repository belongs to; None when its configuration does not say so."""
    return find_owner(tip.read)


def find_owner(read: Callable[[str], bytes | None]) -> Owner | None:
    """Return whom a repository belongs to, by its configuration at the root or in its folders.

    read: gives the content of the file at a path, or None.
    """
    owner = _named_by(read(CONFIG) or b"")
    if owner is not None:
        return owner
    inside = _named_by(read(FOLDER_CONFIG) or b"")
    return Owner(inside.project_id, PROJECT) if inside and inside.role == BUILD else None


def _named_by(configuration: bytes) -> Owner | None:
    """Return whom the content of a cicd-config.json names; None when it names nobody."""
    try:
        config = json.loads(configuration)
        project, role = config["project"]["id"], config["role"]
    except (ValueError, LookupError, TypeError):
        return None
    return Owner(project, role) if isinstance(project, str) and isinstance(role, str) else None


def conflicts(tip: Tip, files: Files, repository: str) -> list[str]:
    """Return the paths of `files` where the branch has something else, which a person may want.

    A README that only holds what a git host writes into a new repository (its name and
    description) is no conflict while it is the repository's only commit.
    """
    folders = {parent for path in tip.entries for parent in _parents(path)}
    found = []
    for path, file in files.items():
        if path in tip.entries:
            theirs = tip.entries[path][1]
            same = theirs == Blob.from_string(file.content).id
            generated = path == README and tip.is_root and _is_placeholder(tip, repository)
            if not same and not generated:
                found.append(path)
        elif path in folders or any(parent in tip.entries for parent in _parents(path)):
            found.append(path)
    return found


def _is_placeholder(tip: Tip, repository: str) -> bool:
    text = (tip.read(README) or b"").decode("utf-8", "replace").strip()
    heading, *rest = [line for line in text.splitlines() if line.strip()] or [""]
    name = repository.split("/")[-1]
    return len(rest) <= 1 and re.fullmatch(rf"#\s*{re.escape(name)}", heading) is not None


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def lay_over(store: BaseObjectStore, below: Entries, files: Files) -> ObjectID:
    """Add `files` over the entries `below` to `store` and return the tree's id.

    Where a file of ours and a folder of theirs have the same path (or the other way round), ours
    replaces theirs.
    """
    ours = {path: (file.mode, _add_blob(store, file)) for path, file in files.items()}
    our_folders = {parent for path in ours for parent in _parents(path)}
    kept = {
        path: entry
        for path, entry in below.items()
        if path not in our_folders and not any(parent in ours for parent in _parents(path))
    }
    return commit_tree(
        store,
        [
            (path.encode("utf-8", "surrogateescape"), blob, mode)
            for path, (mode, blob) in (kept | ours).items()
        ],
    )


def _add_blob(store: BaseObjectStore, file: File) -> ObjectID:
    blob = Blob.from_string(file.content)
    store.add_object(blob)
    return blob.id


def add_commit(
    store: BaseObjectStore, tree: ObjectID, parent: ObjectID | None, message: str, seconds: int
) -> ObjectID:
    """Add a commit to `store` and return its id; the same input gives the same id."""
    commit = Commit()
    commit.tree = tree
    commit.parents = [parent] if parent else []
    commit.author = commit.committer = AUTHOR
    commit.author_time = commit.commit_time = seconds
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode()
    store.add_object(commit)
    return commit.id
