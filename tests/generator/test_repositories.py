"""What a push does, for each state a repository can be in, over HTTP and in a folder."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from repository_places import CANARY, OURS, WANTED, Place

from generator.files import EXECUTABLE, File
from generator.remotes import RepositoryMissing, git_base
from generator.repositories import SEED_BRANCH, RepositoryTaken, UnusableBranch, seed
from generator.standins.gitserver import GitServer


@pytest.fixture(params=["http", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder = tmp_path / "repositories"
    bare(folder / f"{BUILD}.git")
    if request.param == "folder":
        yield Place(git_base(str(folder)), folder)
        return
    with GitServer(folder, "x-access-token", CANARY) as server:
        yield Place(git_base(server.url, lambda: CANARY), folder)


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
    again = seed(place.base.remote(BUILD), WANTED)
    assert (again.note, again.commit) == (done.note, done.commit)


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


def test_a_branch_that_another_is_writing_is_waited_for(place: Place) -> None:
    """git writes a lock beside the branch: a push that meets one is no refusal by a rule."""
    lock = place.repository / "refs" / "heads" / "main.lock"
    lock.write_text("")
    timer = threading.Timer(0.25, lock.unlink)
    timer.start()
    assert place.seed() == ("created", "main")
    timer.join()
    assert git("for-each-ref", "--format=%(refname)", cwd=place.repository) == "refs/heads/main"


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
