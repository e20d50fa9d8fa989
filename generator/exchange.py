"""One conversation with a git server: look at its branches, decide, send one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from dulwich.errors import SendPackError
from dulwich.file import FileLocked
from dulwich.objects import ObjectID
from dulwich.pack import UnpackedObject
from dulwich.protocol import ZERO_SHA
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo

from generator.commits import Tip, add_commit, conflicts, lay_over, owner_of, read_tip
from generator.errors import GeneratorError, InputError, shown
from generator.files import Files
from generator.layout import PROJECT
from generator.remotes import Remote

SEED_BRANCH = "aiops/seed"
HEADS = b"refs/heads/"
# Why our commit went aside is in its message: an attempt that goes on after another one needs it.
NOTE = f"On {SEED_BRANCH}: "
# What git says to a push whose branch was moved meanwhile.
STALE = "stale info"

State = Literal["created", "updated", "unchanged", "branch"]


class RepositoryTaken(InputError):
    """The repository carries the configuration of another project or role."""


class OtherLayout(InputError):
    """The repository carries the files of this very project in the other arrangement."""


class UnusableBranch(InputError):
    """The branch to push to cannot be used: it is missing, or somebody else's."""


class PushRejected(GeneratorError):
    """The server refuses the push on the default branch and on ours."""


@dataclass(frozen=True)
class Seed:
    """What one repository shall carry, and for which project.

    role: build, deploy, or project for both as its folders. name: owner/repository. seconds: time
    of the commit, since 1970.
    """

    role: str
    name: str
    project_id: str
    default_branch: str
    files: Files = field(repr=False)
    message: str
    seconds: int


@dataclass(frozen=True)
class SeededRepository:
    """Where a repository stands now. `commit` and `tree` are ids in hexadecimal.

    `note` says why the files are on a branch of ours, if they are.
    """

    role: str
    name: str
    url: str
    branch: str
    commit: str
    tree: str
    state: State
    note: str | None = None


class _Overtaken(Exception):
    """Somebody moved or is moving a branch while we look at it."""


@dataclass(frozen=True)
class Refusal:
    """The server did not take our commit on the branch that was at `base`."""

    branch: str
    base: ObjectID | None
    reason: str


class Exchange:
    """What is asked of `remote`, seen once. `protected`: what it refused before."""

    def __init__(self, remote: Remote, wanted: Seed, protected: Refusal | None) -> None:
        self.remote = remote
        self.wanted = wanted
        self.protected = protected
        self.repo = MemoryRepo()
        self.sent: SeededRepository | None = None
        self.base: ObjectID | None = None

    def run(self) -> SeededRepository | Refusal:
        """Return where the repository stands, or why the server refused our commit."""
        client, path = self.remote.client()
        with self.remote.explained():
            try:
                answer = client.send_pack(path.encode(), self._decide, self._pack)
            except SendPackError as error:
                raise PushRejected(
                    f"{self.remote.location} cannot take our files: {shown(str(error), 300)}"
                ) from error
            except (_Overtaken, FileLocked):
                return Refusal(self.wanted.default_branch, self.base, STALE)
            finally:
                client.close()
        assert self.sent is not None
        reason = (answer.ref_status or {}).get(HEADS + self.sent.branch.encode())
        return Refusal(self.sent.branch, self.base, reason) if reason else self.sent

    def _decide(self, refs: Mapping[Ref, ObjectID]) -> dict[Ref, ObjectID]:
        """Return the branch to move and the commit to move it to; none when all is in place."""
        heads = {
            ref.removeprefix(HEADS).decode("utf-8", "surrogateescape"): commit
            for ref, commit in refs.items()
            if ref.startswith(HEADS) and commit != ZERO_SHA
        }
        default = self.wanted.default_branch
        tip = self._fetch(heads[default]) if default in heads else None
        if tip and self._is_ours(tip):
            return self._in_place(tip, default, "unchanged")
        if SEED_BRANCH in heads:
            waiting = self._fetch(heads[SEED_BRANCH])
            if not self._is_ours(waiting):
                raise UnusableBranch(
                    f"{self.remote.location} has a branch {SEED_BRANCH} that is not ours: rename it"
                )
            note = _noted(waiting) or f"waits on {SEED_BRANCH} to be merged into {default}"
            return self._in_place(waiting, SEED_BRANCH, "branch", note)
        if heads and not tip:
            raise UnusableBranch(
                f"{self.remote.location} has no branch {default}, but"
                f" {', '.join(sorted(shown(head) for head in heads)[:5])}; correct gitBranchName"
            )
        return self._commit(tip)

    def _commit(self, tip: Tip | None) -> dict[Ref, ObjectID]:
        wanted, store = self.wanted, self.repo.object_store
        note = self._why_aside(tip)
        tree = lay_over(store, tip.entries if tip else {}, wanted.files)
        self.base = tip.commit if tip else None
        message = f"{wanted.message}\n{NOTE}{note}\n" if note else wanted.message
        commit = add_commit(store, tree, self.base, message, wanted.seconds)
        state: State = "updated" if tip else "created"
        branch = SEED_BRANCH if note else wanted.default_branch
        self.sent = self._standing(branch, commit, tree, "branch" if note else state, note)
        return {Ref(HEADS + branch.encode()): commit}

    def _why_aside(self, tip: Tip | None) -> str | None:
        """Say why our commit may not go on the default branch; None when it may."""
        default = self.wanted.default_branch
        if self.protected and self.protected.base == (tip.commit if tip else None):
            return f"{default} does not take our push: {shown(self.protected.reason, 200)}"
        differing = conflicts(tip, self.wanted.files, self.wanted.name) if tip else []
        if not differing:
            return None
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        paths = ", ".join(shown(path)[1:-1] for path in differing[:5])
        return f"{default} has other content at {paths}{more}"

    def _is_ours(self, tip: Tip) -> bool:
        owner = owner_of(tip)
        if owner is None:
            return False
        wanted = self.wanted
        if owner.project_id == wanted.project_id and (owner.role == PROJECT) != (
            wanted.role == PROJECT
        ):
            raise OtherLayout(
                f"{self.remote.location} is the {owner.role} repository of project"
                f" {wanted.project_id} already, and shall be its {wanted.role} repository now: the"
                " arrangement of a project stays as it was made; set repo_layout back"
            )
        if (owner.project_id, owner.role) != (wanted.project_id, wanted.role):
            raise RepositoryTaken(
                f"{self.remote.location} is the {shown(owner.role)} repository of project"
                f" {shown(owner.project_id)}, not the {wanted.role} repository of"
                f" {wanted.project_id}: choose another repository"
            )
        return True

    def _in_place(
        self, tip: Tip, branch: str, state: State, note: str | None = None
    ) -> dict[Ref, ObjectID]:
        self.sent = self._standing(branch, tip.commit, tip.tree, state, note)
        return {}

    def _standing(
        self, branch: str, commit: ObjectID, tree: ObjectID, state: State, note: str | None
    ) -> SeededRepository:
        return SeededRepository(
            role=self.wanted.role,
            name=self.wanted.name,
            url=self.remote.location,
            branch=branch,
            commit=commit.decode(),
            tree=tree.decode(),
            state=state,
            note=note,
        )

    def _fetch(self, commit: ObjectID) -> Tip:
        """Bring one commit with its files; its ancestors stay where they are."""

        def wants(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
            if commit not in refs.values():
                raise _Overtaken
            return [commit]

        client, path = self.remote.client()
        try:
            # The older protocol answers in two requests where the newer one takes three.
            client.fetch(
                path.encode(),
                self.repo,
                determine_wants=wants,
                depth=1,
                protocol_version=0,
            )
        finally:
            client.close()
        return read_tip(self.repo.object_store, commit)

    def _pack(
        self,
        have: Set[ObjectID],
        want: Set[ObjectID],
        *,
        ofs_delta: bool = False,
        progress: object = None,
    ) -> tuple[int, Iterator[UnpackedObject]]:
        return self.repo.object_store.generate_pack_data(
            have, want, shallow=self.repo.get_shallow(), ofs_delta=ofs_delta
        )


def _noted(waiting: Tip) -> str | None:
    """Return why our commit went aside, as it says itself; None when others' are on top of it."""
    found = [line for line in waiting.message.splitlines() if line.startswith(NOTE)]
    return found[-1].removeprefix(NOTE) if found else None
