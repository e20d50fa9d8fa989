"""Finds and fetches one commit of a git repository, named by a tag or by its id, never by a branch.

Only that commit travels, without its ancestors, and stays in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dulwich.errors import GitProtocolError, HangupException
from dulwich.objects import Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo

from generator.errors import InputError, shown
from generator.remotes import (
    TOKEN_VARIABLE,
    Remote,
    RemoteRefused,
    RemoteUnavailable,
    RepositoryMissing,
)

TAGS, HEADS, PEELED = b"refs/tags/", b"refs/heads/", b"^{}"


class NotPinned(InputError):
    """The name is no tag of the repository, and no commit in it."""


class TemplatesRefused(InputError):
    """The git server does not let us read the repository."""


def commit_of_tag(remote: Remote, tag: str) -> ObjectID:
    """Return the commit that `tag` names now.

    Raises NotPinned when it is a branch, or nothing; TemplatesRefused; RemoteUnavailable.
    """
    client, path = remote.client()
    with _explained(remote):
        try:
            refs = client.get_refs(
                path.encode(), protocol_version=2, ref_prefix=[TAGS, HEADS + tag.encode()]
            ).refs
        finally:
            client.close()
    name = TAGS + tag.encode()
    # The newer protocol says what an annotated tag is attached to.
    found = refs.get(Ref(name + PEELED)) or refs.get(Ref(name))
    if found is None:
        raise NotPinned(_no_tag(remote, tag, refs))
    return found


def fetch_commit(remote: Remote, commit: ObjectID) -> tuple[MemoryRepo, Commit]:
    """Return `commit` and a repository in memory that has its files.

    Raises NotPinned when the server does not give it; TemplatesRefused; RemoteUnavailable.
    """
    repo = MemoryRepo()
    with _explained(remote):
        try:
            _fetch(remote, repo, commit, protocol=2)
        except HangupException:
            # What git does when it lacks the commit; in the older protocol it says so.
            _fetch(remote, repo, commit, protocol=0)
    if commit not in repo.object_store:
        raise RemoteUnavailable(f"{remote.location} did not send the commit {commit.decode()}")
    found = repo.object_store[commit]
    if not isinstance(found, Commit):
        raise NotPinned(f"{remote.location}: {commit.decode()} is not a commit but a tag or a file")
    return repo, found


def _fetch(remote: Remote, repo: MemoryRepo, commit: ObjectID, protocol: int) -> None:
    def wants(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
        return [commit]

    client, path = remote.client()
    try:
        client.fetch(path.encode(), repo, determine_wants=wants, depth=1, protocol_version=protocol)
    except GitProtocolError as error:
        if "not our ref" not in str(error):
            raise
        raise NotPinned(f"{remote.location} has no commit {commit.decode()}") from None
    finally:
        client.close()


@contextmanager
def _explained(remote: Remote) -> Iterator[None]:
    """Turn refusals, which elsewhere speak of writing, into what a reader needs."""
    try:
        with remote.explained():
            yield
    except RemoteRefused:
        raise TemplatesRefused(
            f"{remote.location} does not let us read it: {TOKEN_VARIABLE}, or the token of the"
            " GitHub App, needs read access to the contents of this repository"
        ) from None
    except RepositoryMissing:
        raise TemplatesRefused(
            f"there is no repository {remote.location}, or the token may not see it; correct"
            " templates.repository, or install the GitHub App on it"
        ) from None


def _no_tag(remote: Remote, tag: str, refs: Mapping[Ref, ObjectID | None]) -> str:
    if HEADS + tag.encode() in refs:
        return (
            f"{shown(tag)} is a branch of {remote.location}, and a branch moves: set templates.ref"
            " to a tag, or to all 40 digits of a commit"
        )
    tags = sorted(
        ref.removeprefix(TAGS).decode("utf-8", "replace")
        for ref in refs
        if ref.startswith(TAGS) and not ref.endswith(PEELED)
    )
    there = f"there are {', '.join(map(shown, tags[-5:]))}" if tags else "it has no tags"
    return f"{remote.location} has no tag {shown(tag)}; {there}"
