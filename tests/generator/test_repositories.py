"""What a push does, for each state a repository can be in, over HTTP and in a folder."""

from __future__ import annotations

import base64
import dataclasses
import logging
import stat
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from generator_stage import (
    BUILD,
    PROJECT,
    bare,
    configuration,
    content,
    git,
    history,
    paths,
    person_pushes,
    small_seed,
)

from generator.errors import GeneratorError
from generator.files import EXECUTABLE, File
from generator.remotes import (
    GitBase,
    RemoteRefused,
    RemoteUnavailable,
    RepositoryMissing,
    git_base,
)
from generator.repositories import (
    SEED_BRANCH,
    PushRejected,
    RepositoryTaken,
    Seed,
    UnusableBranch,
    seed,
)
from generator.standins.gitserver import GitServer

CANARY = "canary-0a1b2c3d4e5f-token"
WANTED = small_seed()
OURS = set(WANTED.files)


@dataclass
class Place:
    """Where repositories are: `base` for us, `folder` for a person who looks."""

    base: GitBase
    folder: Path
    server: GitServer | None

    @property
    def repository(self) -> Path:
        return self.folder / f"{BUILD}.git"

    def seed(self, wanted: Seed = WANTED) -> tuple[str, str]:
        """Push and return (state, branch), having checked what is reported against git."""
        done = seed(self.base.remote(wanted.name), wanted)
        assert git("rev-parse", done.branch, cwd=self.repository) == done.commit
        assert git("rev-parse", f"{done.branch}^{{tree}}", cwd=self.repository) == done.tree
        assert (done.role, done.name) == (wanted.role, wanted.name)
        assert done.url == self.base.remote(wanted.name).location
        assert (done.note is None) == (done.state != "branch")
        git("fsck", "--strict", "--no-dangling", cwd=self.repository)
        return done.state, done.branch


@pytest.fixture(params=["http", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "repositories"
    bare(folder / f"{BUILD}.git")
    if request.param == "folder":
        yield Place(git_base(str(folder)), folder, None)
        return
    with GitServer(folder, "x-access-token", CANARY) as server:
        yield Place(git_base(server.url, lambda: CANARY), folder, server)


def test_an_empty_repository_gets_a_first_commit(place: Place) -> None:
    assert place.seed() == ("created", "main")
    assert paths(place.repository) == OURS
    assert len(history(place.repository)) == 1


def test_a_repository_with_a_first_commit_gets_one_on_top(place: Place) -> None:
    first = person_pushes(place.repository, {"notes.txt": "mine", "data/täble 1.csv": "a,b\n"})
    assert place.seed() == ("updated", "main")
    assert history(place.repository)[1:] == [first]
    assert paths(place.repository) == OURS | {"notes.txt", "data/täble 1.csv"}
    assert content(place.repository, "notes.txt") == "mine"


@pytest.mark.parametrize(
    "readme", ["# house-prices-build", "# house-prices-build\nPrices, soon.\n"]
)
def test_the_readme_that_a_host_writes_is_replaced(place: Place, readme: str) -> None:
    person_pushes(place.repository, {"README.md": readme, "LICENSE": "mine"})
    assert place.seed() == ("updated", "main")
    assert content(place.repository, "README.md") == "# Ours"
    assert content(place.repository, "LICENSE") == "mine"


def test_a_seeded_repository_is_left_alone(place: Place) -> None:
    place.seed()
    person_pushes(place.repository, {"source/train.py": "changed", "new.py": "x"})
    before = history(place.repository)
    newer = small_seed(**{"source/more.py": "from a newer template"})
    assert place.seed(newer) == ("unchanged", "main")
    assert history(place.repository) == before


def test_running_again_makes_the_same_commit(place: Place) -> None:
    place.seed()
    first = history(place.repository)
    git("update-ref", "-d", "refs/heads/main", cwd=place.repository)
    place.seed()
    assert history(place.repository) == first


CONFLICTS: dict[str, dict[str, str]] = {
    "a README by a person": {"README.md": "# House prices\n\nWhat we found out so far.\n"},
    "a README of another name": {"README.md": "# My notes\n"},
    "another file": {"source/train.py": "mine"},
    "a file where we have a folder": {"source": "mine"},
    "a folder where we have a file": {"README.md/part.md": "mine"},
    "another configuration": {"cicd-config.json": "{}"},
    "a configuration of no project": {
        "cicd-config.json": configuration(project="").replace('""', "null")
    },
    "a configuration that is a list": {"cicd-config.json": "[]"},
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_other_content_is_never_overwritten(place: Place, case: str) -> None:
    theirs = CONFLICTS[case]
    first = person_pushes(place.repository, {**theirs, "notes.txt": "mine"})
    assert place.seed() == ("branch", SEED_BRANCH)
    assert history(place.repository) == [first]
    assert history(place.repository, SEED_BRANCH)[1:] == [first]
    assert paths(place.repository, SEED_BRANCH) == OURS | {"notes.txt"}
    assert content(place.repository, "README.md", SEED_BRANCH) == "# Ours"
    branch = history(place.repository, SEED_BRANCH)
    assert place.seed() == ("branch", SEED_BRANCH), "waits for the person"
    assert history(place.repository, SEED_BRANCH) == branch


def test_a_readme_is_a_persons_once_there_is_a_second_commit(place: Place) -> None:
    person_pushes(place.repository, {"README.md": "# house-prices-build\n"})
    person_pushes(place.repository, {"notes.txt": "mine"})
    assert place.seed() == ("branch", SEED_BRANCH)


def test_the_same_content_is_no_conflict(place: Place) -> None:
    person_pushes(place.repository, {"README.md": "# Ours\n", "notes.txt": "mine"})
    person_pushes(place.repository, {"notes.txt": "more"})
    assert place.seed() == ("updated", "main")


def test_the_note_says_where_they_differ(place: Place) -> None:
    person_pushes(place.repository, {"README.md": "mine", "source/train.py": "mine"})
    done = seed(place.base.remote(BUILD), WANTED)
    assert done.note == "main has other content at README.md, source/train.py"
    assert "waits on aiops/seed" in str(seed(place.base.remote(BUILD), WANTED).note)


def test_a_merged_branch_ends_the_waiting(place: Place) -> None:
    person_pushes(place.repository, {"README.md": "mine"})
    place.seed()
    git("update-ref", "refs/heads/main", SEED_BRANCH, cwd=place.repository)
    assert place.seed() == ("unchanged", "main")


def test_a_branch_of_our_name_that_is_not_ours(place: Place) -> None:
    person_pushes(place.repository, {"notes.txt": "mine"})
    person_pushes(place.repository, {"x.txt": "mine"}, branch=SEED_BRANCH)
    with pytest.raises(UnusableBranch, match="aiops/seed that is not ours: rename it"):
        place.seed()


@pytest.mark.parametrize(
    ("role", "project"), [("build", "another"), ("deploy", PROJECT), ("deploy", "another")]
)
def test_a_repository_of_another_project_is_refused(place: Place, role: str, project: str) -> None:
    first = person_pushes(place.repository, {"cicd-config.json": configuration(role, project)})
    with pytest.raises(RepositoryTaken, match=f"the '{role}' repository of project '{project}'"):
        place.seed()
    assert history(place.repository) == [first]


def test_another_default_branch(place: Place) -> None:
    person_pushes(place.repository, {"notes.txt": "mine"}, branch="trunk")
    with pytest.raises(UnusableBranch, match="no branch main, but 'trunk'; correct gitBranchName"):
        place.seed()
    assert place.seed(dataclasses.replace(WANTED, default_branch="trunk")) == ("updated", "trunk")


def test_modes_symbolic_links_and_submodules_survive(place: Place, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    git("init", "--quiet", "--initial-branch=main", ".", cwd=work)
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "link").symlink_to("run.sh")
    (work / "data.bin").write_bytes(bytes(range(256)) * 4096)
    git("add", ".", cwd=work)
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module", cwd=work)
    git("commit", "--quiet", "--message", "x", cwd=work)
    git("push", "--quiet", place.repository, "main", cwd=work)
    before = set(git("ls-tree", "-r", "main", cwd=place.repository).splitlines())
    ours = {**WANTED.files, "bin/tool": File(EXECUTABLE, b"#!/bin/sh\n\xff\x00")}
    assert place.seed(dataclasses.replace(WANTED, files=ours)) == ("updated", "main")
    after = set(git("ls-tree", "-r", "main", cwd=place.repository).splitlines())
    assert before < after
    assert next(line for line in after if line.endswith("bin/tool")).startswith("100755 ")


def test_two_at_once_make_one_commit(place: Place) -> None:
    together = threading.Barrier(4)

    def go(_: int) -> str:
        together.wait()
        return seed(place.base.remote(BUILD), WANTED).state

    with ThreadPoolExecutor(4) as pool:
        states = sorted(pool.map(go, range(4)))
    assert len(history(place.repository)) == 1
    assert "created" in states
    assert set(states) <= {"created", "unchanged"}
    git("fsck", "--strict", cwd=place.repository)


# ------------------------------------------------------------ what only a server can do


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    bare(tmp_path / "repositories" / f"{BUILD}.git")
    with GitServer(tmp_path / "repositories", "x-access-token", CANARY) as running:
        yield running


def at(server: GitServer, token: str | None = CANARY) -> Place:
    base = git_base(server.url, (lambda: token) if token else None)
    return Place(base, server.folder, server)


def hook(server: GitServer, script: str) -> None:
    path = server.folder / f"{BUILD}.git" / "hooks" / "update"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


PROTECTED = """
case "$1" in refs/heads/main) echo "blocked: a required check is expected" >&2; exit 1;; esac
"""


def test_a_protected_branch_gets_our_branch_beside_it(server: GitServer) -> None:
    place = at(server)
    first = person_pushes(place.repository, {"notes.txt": "mine"})
    hook(server, PROTECTED)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert history(place.repository) == [first]
    assert history(place.repository, SEED_BRANCH)[1:] == [first]
    assert place.seed() == ("branch", SEED_BRANCH)


def test_a_protected_branch_that_does_not_exist_yet(server: GitServer) -> None:
    place = at(server)
    hook(server, PROTECTED)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert place.seed() == ("branch", SEED_BRANCH)
    assert len(history(place.repository, SEED_BRANCH)) == 1


def test_a_repository_that_takes_no_branch(server: GitServer) -> None:
    hook(server, "echo no >&2; exit 1")
    with pytest.raises(PushRejected, match="refuses aiops/seed: 'hook declined'"):
        at(server).seed()


def once(server: GitServer, when: str, act: Callable[[], object]) -> None:
    """Do something once, just before the first request whose target ends in `when`."""
    todo = [act]

    def before(method: str, target: str) -> None:
        if method == "POST" and target.endswith(when) and todo:
            todo.pop()()

    server.before = before


def test_a_person_who_pushes_while_we_work(server: GitServer) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "mine"})
    once(
        server,
        "/git-receive-pack",
        lambda: person_pushes(place.repository, {"notes.txt": "more"}),
    )
    assert place.seed() == ("updated", "main")
    assert content(place.repository, "notes.txt") == "more"
    assert len(history(place.repository)) == 3


def test_a_person_who_pushes_while_we_look(server: GitServer) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "mine"})
    todo = [lambda: person_pushes(place.repository, {"notes.txt": "more"})]

    def before(method: str, target: str) -> None:
        if target.endswith("service=git-upload-pack") and todo:
            todo.pop()()

    server.before = before
    assert place.seed() == ("updated", "main")
    assert content(place.repository, "notes.txt") == "more"


def test_an_empty_repository_that_is_filled_while_we_work(server: GitServer) -> None:
    place = at(server)
    once(
        server,
        "/git-receive-pack",
        lambda: person_pushes(place.repository, {"README.md": "mine"}),
    )
    assert place.seed() == ("branch", SEED_BRANCH)
    assert content(place.repository, "README.md") == "mine"


def test_a_branch_that_never_rests(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place = at(server)
    person_pushes(place.repository, {"notes.txt": "0"})
    monkeypatch.setattr("generator.repositories.PAUSES", (0.0, 0.0))
    server.before = lambda method, target: (
        person_pushes(place.repository, {"notes.txt": str(len(server.requests))})
        if target.endswith("/git-receive-pack")
        else None
    )
    with pytest.raises(GeneratorError, match="main kept moving while we worked; run again"):
        place.seed()
    assert OURS.isdisjoint(paths(place.repository))


def test_a_new_repository_costs_two_requests_and_one_change(server: GitServer) -> None:
    at(server).seed()
    assert len(server.requests) == 2
    assert sum(request.creates_content for request in server.requests) == 1
    server.requests.clear()
    at(server).seed()
    assert len(server.requests) == 3
    assert not any(request.creates_content for request in server.requests)


# ------------------------------------------------------------ tokens and refusals


REFUSED: dict[str, tuple[str | None, type[Exception], str]] = {
    "wrong token": ("wrong", RemoteRefused, r"refused the token \(401\); set AIOPS_GIT_TOKEN"),
    "no token": (None, RemoteRefused, r"asks for a token \(401\); set AIOPS_GIT_TOKEN"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_tokens_that_are_refused(server: GitServer, case: str) -> None:
    token, error, said = REFUSED[case]
    with pytest.raises(error, match=said):
        at(server, token).seed()


def test_a_repository_that_is_not_there(server: GitServer) -> None:
    wanted = dataclasses.replace(WANTED, name="acme-ml/missing")
    with pytest.raises(RepositoryMissing, match=r"no repository .*acme-ml/missing"):
        seed(at(server).base.remote(wanted.name), wanted)


def test_a_repository_that_may_only_be_read(server: GitServer) -> None:
    git("config", "http.receivepack", "false", cwd=at(server).repository)
    with pytest.raises(RemoteRefused, match=r"may not write \(403\)"):
        at(server).seed()


def test_a_server_that_is_away() -> None:
    away = git_base("http://127.0.0.1:9", lambda: CANARY)
    with pytest.raises(RemoteUnavailable, match=r"127\.0\.0\.1"):
        seed(away.remote(BUILD), WANTED)


def everything_said(error: BaseException | None) -> str:
    """A traceback with causes, and the representation of every local variable in it."""
    if error is None:
        return ""
    said = "".join(traceback.format_exception(error))
    trace = error.__traceback__
    while trace:
        if "generator/" in trace.tb_frame.f_code.co_filename:
            said += repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return said + everything_said(error.__cause__) + everything_said(error.__context__)


def no_token(text: str) -> None:
    encoded = base64.b64encode(f"x-access-token:{CANARY}".encode()).decode()
    for secret in (CANARY, encoded):
        assert secret not in text


@pytest.mark.parametrize("trouble", ["none", "refused", "missing", "hook", "away", "garbage"])
def test_a_token_is_nowhere_to_be_seen(
    trouble: str,
    server: GitServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    place = at(server)
    wanted = WANTED
    if trouble == "refused":
        server.authorization = "Basic another"
    elif trouble == "missing":
        wanted = dataclasses.replace(WANTED, name="acme-ml/missing")
    elif trouble == "hook":
        hook(server, "exit 1")
    elif trouble == "garbage":
        (place.repository / "HEAD").write_text("garbage")
    elif trouble == "away":
        place.base = dataclasses.replace(place.base, location="http://127.0.0.1:9")
    remote = place.base.remote(wanted.name)
    raised: BaseException | None = None
    try:
        done = seed(remote, wanted)
        no_token(repr(done))
    except GeneratorError as error:
        raised = error
    assert (raised is None) == (trouble == "none")
    no_token(everything_said(raised))
    no_token(caplog.text)
    no_token("".join(capfd.readouterr()))
    no_token(repr(place.base) + repr(remote) + str(remote.client()))
    no_token(repr(server.requests))
    stored = subprocess.run(
        ["grep", "-r", "-l", CANARY, str(server.folder)], capture_output=True, text=True
    )
    assert stored.stdout == ""


# ------------------------------------------------------------ folders


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    base = git_base(str(tmp_path / "new" / "git"))
    wanted = dataclasses.replace(WANTED, default_branch="trunk")
    assert seed(base.remote(BUILD), wanted).state == "created"
    made = tmp_path / "new" / "git" / f"{BUILD}.git"
    assert git("symbolic-ref", "HEAD", cwd=made) == "refs/heads/trunk"
    git("clone", "--quiet", made, tmp_path / "clone", cwd=tmp_path)
    assert (tmp_path / "clone" / "README.md").read_text() == "# Ours\n"
    assert sorted(path.name for path in made.parent.iterdir()) == [made.name]


def test_two_at_once_make_one_folder(tmp_path: Path) -> None:
    base = git_base(str(tmp_path / "git"))
    together = threading.Barrier(4)

    def go(_: int) -> str:
        together.wait()
        return seed(base.remote(BUILD), WANTED).state

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(go, range(4)))
    assert states.count("created") >= 1
    made = tmp_path / "git" / f"{BUILD}.git"
    assert len(history(made)) == 1
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / f"{BUILD}.git").mkdir(parents=True)
    (tmp_path / f"{BUILD}.git" / "x").write_text("mine")
    with pytest.raises(RepositoryMissing):
        seed(git_base(str(tmp_path)).remote(BUILD), WANTED)
