"""Writes the files of a git commit into a folder, and tells whether a folder still holds them.

A commit's id follows from all of its content, so a checkout that is kept can be checked against
the id alone: by whoever finds it later, with no record of who made it.
"""

from __future__ import annotations

import os
import re
import stat
from hashlib import sha1
from pathlib import Path

from dulwich.index import commit_tree
from dulwich.object_store import BaseObjectStore, MemoryObjectStore, iter_tree_contents
from dulwich.objects import Blob, Commit, ObjectID

from generator.errors import InputError, shown

PLAIN, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
# A template collection has some hundred small files: anything far beyond is something else.
MOST_FILES, MOST_BYTES = 10_000, 100 * 1024 * 1024
_UNUSABLE_NAME = re.compile(r"\.\.?|\.git|.*[\x00-\x1f\\].*", re.IGNORECASE | re.DOTALL)


class UnsafeContent(InputError):
    """A commit that may not be written to a disk as it is."""


def write_commit(store: BaseObjectStore, commit: Commit, folder: Path) -> None:
    """Write `commit` into the new `folder`: its files into `files`, itself into `commit`.

    Raises UnsafeContent for submodules, names that would leave the folder, links that lead out of
    it, and content that is too large; what was written by then is the caller's to remove.
    """
    root = folder / "files"
    root.mkdir(parents=True)
    (folder / "commit").write_bytes(commit.as_raw_string())
    links: list[tuple[str, bytes]] = []
    size = 0
    for number, entry in enumerate(iter_tree_contents(store, commit.tree), start=1):
        path = _usable_path(entry.path)
        if entry.sha is None or entry.mode not in (PLAIN, EXECUTABLE, LINK):
            raise UnsafeContent(f"{shown(path)} is neither a file nor a link: remove it")
        blob = store[entry.sha]
        if not isinstance(blob, Blob):
            raise UnsafeContent(f"{shown(path)} is a folder that says it is a file")
        size += len(blob.data)
        if number > MOST_FILES or size > MOST_BYTES:
            raise UnsafeContent(
                f"it has more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB; templates"
                " belong into a repository of their own"
            )
        if entry.mode == LINK:
            links.append((path, blob.data))
        else:
            _write(root / path, blob.data, entry.mode)
    # Links come last: no file can be written through one of them.
    for path, target in links:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(os.fsdecode(target))
    for path, _ in links:
        if not (root / path).resolve().is_relative_to(root.resolve()):
            raise UnsafeContent(f"the link {shown(path)} leads out of the repository: remove it")


def holds(folder: Path, commit: ObjectID) -> bool:
    """Whether `folder` has exactly what `write_commit` wrote for `commit`."""
    try:
        raw = (folder / "commit").read_bytes()
        if sha1(b"commit %d\0" % len(raw) + raw).hexdigest().encode() != commit:
            return False
        expected: ObjectID = Commit.from_string(raw).tree
        return _tree_of(folder / "files") == expected
    except OSError:
        return False


def _usable_path(raw: bytes | None) -> str:
    try:
        path = (raw or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise UnsafeContent(f"the name {shown(raw)} is not UTF-8: rename it") from None
    if not path or any(not name or _UNUSABLE_NAME.fullmatch(name) for name in path.split("/")):
        raise UnsafeContent(f"the name {shown(path)} cannot be used: rename it")
    return path


def _write(file: Path, content: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as new:
        new.write(content)
    file.chmod(0o755 if mode == EXECUTABLE else 0o644)


def _tree_of(root: Path) -> ObjectID:
    """Return the id of the git tree that the files below `root` make."""
    entries = []
    for folder, folders, files in os.walk(root):
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        for name in files + linked:
            file = Path(folder, name)
            mode, content = _read(file)
            path = file.relative_to(root).as_posix().encode()
            entries.append((path, Blob.from_string(content).id, mode))
    return commit_tree(MemoryObjectStore(), entries)


def _read(file: Path) -> tuple[int, bytes]:
    state = file.lstat()
    if stat.S_ISLNK(state.st_mode):
        # pathlib would change how the target is written, and with it the link's id.
        return LINK, os.fsencode(os.readlink(file))  # noqa: PTH115
    return EXECUTABLE if state.st_mode & 0o100 else PLAIN, file.read_bytes()
