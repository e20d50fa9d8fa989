"""Templates of a git repository are fetched at their pin, with GitHub's token if there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.doctor.findings import Found, Status
from tests.doctor.world import TOKEN_ARN, World
from tests.generator.generator_stage import git

REPOSITORY = "acme-ml/templates"
COLLECTION = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture
def theirs(outside: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A configuration that names templates of the organization's own."""
    monkeypatch.setenv("AIOPS_CACHE", str(tmp_path / "cache"))
    where = f"{outside.github.url}/{REPOSITORY}.git"
    outside.configure(
        "[notifications]",
        f'[templates]\nrepository = "{where}"\nref = "v1.4.0"\n[notifications]',
    )
    return outside


def made(outside: World, tmp_path: Path) -> None:
    """Let the repository be there, with the tag."""
    clone = tmp_path / "clone"
    clone.mkdir()
    git("init", "--quiet", "--initial-branch=main", ".", cwd=clone)
    git("config", "user.name", "A person", cwd=clone)
    git("config", "user.email", "person@example.com", cwd=clone)
    (clone / "templates" / "regression").mkdir(parents=True)
    questions = (COLLECTION / "regression" / "cookiecutter.json").read_text()
    (clone / "templates" / "regression" / "cookiecutter.json").write_text(questions)
    git("add", "-A", cwd=clone)
    git("commit", "--quiet", "-m", "Templates", cwd=clone)
    git("tag", "v1.4.0", cwd=clone)
    bare = outside.github.create_repository(REPOSITORY).folder
    git("push", "--quiet", str(bare), "main", "v1.4.0", cwd=clone)


def of_templates(outside: World) -> Found:
    outside.look()
    (found,) = outside.of("Configuration", "templates")
    return found.found


def test_a_pinned_tag_is_fetched(theirs: World, tmp_path: Path) -> None:
    made(theirs, tmp_path)
    found = of_templates(theirs)
    assert found.status is Status.OK, found
    assert f"{REPOSITORY}.git at the tag v1.4.0: regression" in found.what


def test_a_repository_that_is_not_there(theirs: World) -> None:
    found = of_templates(theirs)
    assert found.status is Status.PROBLEM
    assert "there is no repository" in found.what


def test_a_tag_that_is_not_there(theirs: World) -> None:
    theirs.github.create_repository(REPOSITORY)
    found = of_templates(theirs)
    assert found.status is Status.PROBLEM
    assert "has no tag 'v1.4.0'" in found.what


def test_a_server_that_is_away(theirs: World) -> None:
    with theirs.github.away():
        found = of_templates(theirs)
    assert found.status is Status.UNKNOWN


def test_without_a_token_a_private_repository_is_not_taken_for_a_mistake(theirs: World) -> None:
    theirs.secrets.pop(TOKEN_ARN)
    found = of_templates(theirs)
    assert found.status is Status.UNKNOWN
    assert "see the token" in found.what


def test_profiles_of_templates_that_cannot_be_read_are_not_judged(theirs: World) -> None:
    theirs.configure('[profiles]\n"Regression" = "regression"', "")
    theirs.look()
    (found,) = theirs.of("Domain", "project profiles")
    assert found.found.status is Status.UNKNOWN
