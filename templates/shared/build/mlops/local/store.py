"""A directory that stands for S3: `s3://bucket/key` is the file `<root>/bucket/key`."""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1 << 20


class NoObjectsError(LookupError):
    """There is nothing under an S3 address."""


class LocalStore:
    """Puts, gets and digests what lies under S3 addresses."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, uri: str) -> Path:
        """The file or directory of an address; raises `ValueError` for what is no address."""
        scheme, _, rest = uri.partition("://")
        parts = rest.strip("/").split("/")
        if scheme != "s3" or not parts[0] or ".." in parts or "." in parts:
            raise ValueError(f"{uri!r} is not an address such as s3://bucket/key")
        return self.root.joinpath(*parts)

    def exists(self, uri: str) -> bool:
        """Whether there is an object at `uri` or below it."""
        return next(files_below(self.path(uri)), None) is not None

    def download(self, uri: str, target: Path, part: tuple[int, int] = (0, 1)) -> None:
        """Copy the object at `uri`, or all below it, into the directory `target`.

        With `part` (i, n), every n-th of the objects in the order of their keys, from the i-th on.
        Raises `NoObjectsError` when there is none at all.
        """
        source = self.path(uri)
        target.mkdir(parents=True, exist_ok=True)
        objects = list(files_below(source))
        if not objects:
            raise NoObjectsError(f"there are no objects under {uri}")
        first, step = part
        for file in objects[first::step]:
            place = target / (file.name if file == source else file.relative_to(source))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)

    def upload(self, source: Path, uri: str) -> None:
        """Copy the file `source`, or all files below it, to `uri`; replaces objects one by one."""
        target = self.path(uri)
        if source.is_file():
            _copy(source, target)
            return
        for file in files_below(source):
            _copy(file, target / file.relative_to(source))

    def adopt(self, assets: Path) -> None:
        """Take over the uploads staged in `assets`, `<bucket>/<key>`, that are not there yet.

        One that is there with the same size, and is not older, is not copied again.
        """
        for file in files_below(assets):
            target = self.root / file.relative_to(assets)
            if target.is_file():
                there, new = target.stat(), file.stat()
                if there.st_size == new.st_size and there.st_mtime >= new.st_mtime:
                    continue
            _copy(file, target)

    def digest(self, uri: str) -> str:
        """SHA-256 over names and contents of what is at `uri`; raises `NoObjectsError`."""
        if not self.exists(uri):
            raise NoObjectsError(f"there are no objects under {uri}")
        return tree_digest(self.path(uri))


def files_below(path: Path) -> Iterator[Path]:
    """The file `path`, or all files in and below the directory, sorted."""
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())


def tree_digest(path: Path) -> str:
    """SHA-256 over the names below `path` and the contents; of a file, its name and content."""
    total = hashlib.sha256()
    for file in files_below(path):
        name = file.name if file == path else file.relative_to(path).as_posix()
        total.update(f"{name}\0{file_digest(file)}\n".encode())
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            total.update(block)
    return total.hexdigest()


def pack(source: Path, target: Path) -> None:
    """Write the files below `source` to the archive `target` (.tar.gz).

    The same files give the same bytes: no times, owners or order of the file system.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        target.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(source.rglob("*")):
            entry = archive.gettarinfo(str(path), arcname=path.relative_to(source).as_posix())
            entry.mtime = 0
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            if entry.isfile():
                with path.open("rb") as file:
                    archive.addfile(entry, file)
            else:
                archive.addfile(entry)


def _copy(source: Path, target: Path) -> None:
    """Copy so that a reader sees the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".upload-")
    os.close(handle)
    try:
        shutil.copyfile(source, name)
        shutil.copymode(source, name)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
