"""Templates from a git repository: pinned, verified, shared, and nothing that leads elsewhere."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from conftest import CHECKOUT, TEMPLATES

from config.files import MINIMAL, read
from config.git_stage import TOKEN, Collection, git, our_templates
from generator.catalog import load as load_catalog
from generator.config.checkout import UnsafeContent, holds, write_commit
from generator.config.model import TemplateSource
from generator.config.pinned import NotPinned, TemplatesRefused, commit_of_tag, fetch_commit
from generator.config.templates import (
    UnsafeCache,
    UnusableTemplates,
    cache_folder,
    fetched,
    templates_of,
)
from generator.errors import InputError
from generator.remotes import Remote, RemoteUnavailable
from generator.render import render
from generator.standins.gitserver import GitServer


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("AIOPS_CACHE", str(folder))
    return folder


@pytest.fixture
def collection(tmp_path: Path, cache: Path) -> Iterator[Collection]:
    (tmp_path / "git").mkdir()
    with GitServer(tmp_path / "git", "x-access-token", TOKEN) as server:
        yield Collection(server, tmp_path / "clone")


def file(path: str, text: str = "x") -> Callable[[Path], object]:
    def change(clone: Path) -> None:
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_text(text)

    return change


def link(path: str, target: str) -> Callable[[Path], object]:
    return lambda clone: (clone / path).symlink_to(target)


def get(collection: Collection, ref: str) -> Path:
    return fetched(collection.remote(), collection.source(ref))


# ------------------------------------------------------------------ what is fetched


def test_a_fetched_collection_renders_the_same_bytes(
    collection: Collection, tmp_path: Path
) -> None:
    commit = collection.commit(our_templates)
    collection.tag("v1.0.0")
    config = read(
        MINIMAL + f'git_url = "{collection.server.url}"\n'
        f'[templates]\nrepository = "{collection.url}"\nref = "v1.0.0"\n',
        tmp_path,
    )
    catalog = templates_of(config, lambda: TOKEN)
    theirs, ours = catalog.named("regression"), load_catalog(TEMPLATES).named("regression")
    assert commit in theirs.path.parts
    assert render(theirs, {}) == render(ours, {})


def test_tags_of_both_kinds_and_commits_anywhere_in_the_history(collection: Collection) -> None:
    commits = [collection.commit(file("a", f"{number}")) for number in range(4)]
    collection.tag("light", commits[0])
    collection.tag("annotated", commits[2], annotated=True)
    git("tag", "-a", "-m", "x", "nested", "annotated", cwd=collection.clone)
    git("push", "--quiet", "origin", "refs/tags/nested", cwd=collection.clone)
    for ref, number in {
        "light": 0, "annotated": 2, "nested": 2, **{c: n for n, c in enumerate(commits)}
    }.items():  # fmt: skip
        folder = get(collection, ref)
        assert (folder / "a").read_text() == str(number), ref
        assert folder.parent.name == commits[number]


def test_modes_links_and_names_are_kept(collection: Collection, tmp_path: Path) -> None:
    def change(clone: Path) -> None:
        file("bin/run")(clone)
        (clone / "bin/run").chmod(0o755)
        file("{{cookiecutter.slug}}/ü ß.txt", "\r\n\0")(clone)
        link("first", "./bin//run")(clone)
        link("folder", "bin/")(clone)
        file("shared/deep/x")(clone)
        link("shared/up", "../shared/deep/../../bin")(clone)

    commit = collection.commit(change)
    folder = get(collection, commit)
    copy = tmp_path / "copy"
    copy.mkdir()
    git("clone", "--quiet", collection.bare, ".", cwd=copy)
    shutil.rmtree(copy / ".git")
    listed = {p.relative_to(copy): (p.lstat().st_mode & 0o170100) for p in copy.rglob("*")}
    assert {p.relative_to(folder): (p.lstat().st_mode & 0o170100) for p in folder.rglob("*")} == (
        listed
    )
    assert os.readlink(folder / "first") == "./bin//run"  # noqa: PTH115
    assert holds(folder.parent, commit.encode())


# ------------------------------------------------------------------ what is refused


def test_a_branch_is_refused(collection: Collection) -> None:
    commit = collection.commit(file("a"))
    git("push", "--quiet", "origin", "HEAD:refs/heads/release/1", cwd=collection.clone)
    with pytest.raises(NotPinned) as raised:
        get(collection, "release/1")
    assert str(raised.value) == (
        f"'release/1' is a branch of {collection.url}, and a branch moves: set templates.ref to a"
        " tag, or to all 40 digits of a commit"
    )
    collection.tag("release/1", commit)
    assert get(collection, "release/1").is_dir()


def test_a_ref_that_is_not_there(collection: Collection) -> None:
    commit = collection.commit(file("a"))
    for wanted, said in {
        "v1": f"{collection.url} has no tag 'v1'; it has no tags",
        "0123456789" * 4: f"{collection.url} has no commit {'0123456789' * 4}",
        commit[:10]: f"{collection.url} has no tag '{commit[:10]}'; it has no tags",
    }.items():
        with pytest.raises(NotPinned) as raised:
            get(collection, wanted)
        assert str(raised.value) == said
    for number in range(7):
        collection.tag(f"v0.{number}", annotated=bool(number % 2))
    with pytest.raises(NotPinned, match=r"there are 'v0.2', 'v0.3', 'v0.4', 'v0.5', 'v0.6'$"):
        get(collection, "v1")


def test_a_tag_or_id_of_something_else(collection: Collection) -> None:
    collection.commit(file("a"))
    blob = git("rev-parse", "HEAD:a", cwd=collection.clone)
    git("tag", "blob", blob, cwd=collection.clone)
    git("push", "--quiet", "origin", "refs/tags/blob", cwd=collection.clone)
    for ref in ("blob", blob):
        with pytest.raises(NotPinned, match=f"{blob} is not a commit but a tag or a file"):
            get(collection, ref)


def test_the_server_refuses(collection: Collection) -> None:
    commit = collection.commit(file("a"))
    collection.tag("v1")
    missing = Remote(f"{collection.server.url}/acme-ml/other.git", False, lambda: TOKEN)
    for remote, said in {
        collection.remote("wrong"): "does not let us read it: AIOPS_GIT_TOKEN, or the token of",
        collection.remote(None): "does not let us read it",
        missing: "there is no repository",
    }.items():
        for ask in (lambda r: commit_of_tag(r, "v1"), lambda r: fetch_commit(r, commit.encode())):
            with pytest.raises(TemplatesRefused, match=said) as raised:
                ask(remote)
            assert isinstance(raised.value, InputError)
            assert TOKEN not in str(raised.value)
    with pytest.raises(RemoteUnavailable):
        fetched(Remote("http://127.0.0.1:9/x.git", False), collection.source(commit))


def test_the_token_goes_to_github_only(collection: Collection, tmp_path: Path) -> None:
    """The server of the templates is another one than that of the repositories."""
    collection.commit(our_templates)
    collection.tag("v1")
    text = f'[templates]\nrepository = "{collection.url}"\nref = "v1"\n'
    asked = []

    def token() -> str:
        asked.append(True)
        return TOKEN

    with pytest.raises(TemplatesRefused):
        templates_of(read(MINIMAL + text, tmp_path), token)
    assert not asked
    at_home = MINIMAL + f'git_url = "{collection.server.url}"\n' + text
    assert templates_of(read(at_home, tmp_path), token).named("regression")
    assert asked


UNSAFE = {
    "absolute": (link("x", "/etc/passwd"), "the link 'x' leads out of the repository"),
    "upwards": (link("x", "../x"), "the link 'x' leads out of the repository"),
    "environment": (link("x", "/proc/self/environ"), "the link 'x' leads out of the repository"),
    "in-a-chain": (
        lambda clone: (link("a", "b")(clone), link("b", "../../commit")(clone)),
        "the link 'a' leads out of the repository",
    ),
    "through-a-folder": (
        lambda clone: (file("d/f")(clone), link("d/up", "..")(clone), link("x", "d/up/..")(clone)),
        "the link 'x' leads out of the repository",
    ),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_links_that_lead_out_are_refused(case: str, collection: Collection, cache: Path) -> None:
    change, said = UNSAFE[case]
    commit = collection.commit(change)
    with pytest.raises(UnsafeContent) as raised:
        get(collection, commit)
    assert str(raised.value) == f"{collection.url} at {commit}: {said}: remove it"
    assert [path.name for path in cache.iterdir()] == [f"{commit}.lock"], "nothing stays behind"


def test_submodules_are_refused(collection: Collection) -> None:
    commit = collection.commit(file("a"))
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub", cwd=collection.clone)
    git("commit", "--quiet", "--message", "sub", cwd=collection.clone)
    git("push", "--quiet", "origin", "HEAD:main", cwd=collection.clone)
    with pytest.raises(UnsafeContent, match="'sub' is neither a file nor a link: remove it"):
        get(collection, git("rev-parse", "HEAD", cwd=collection.clone))


@pytest.mark.parametrize("name", ["..", ".git", ".GIT", ".", "a\\b", "a\nb", "\udcff"])
def test_names_that_would_leave_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    """git itself would not push these: a hostile server could send them."""
    from dulwich.object_store import MemoryObjectStore
    from dulwich.objects import Blob, Commit, Tree

    store = MemoryObjectStore()
    blob, inner, outer, commit = Blob.from_string(b"x"), Tree(), Tree(), Commit()
    inner.add(b"file", 0o100644, blob.id)
    outer.add(os.fsencode(name), 0o040000, inner.id)
    commit.tree = outer.id
    commit.author = commit.committer = b"x <x@example.com>"
    commit.author_time = commit.commit_time = commit.author_timezone = commit.commit_timezone = 0
    commit.message = b"x"
    for item in (blob, inner, outer, commit):
        store.add_object(item)
    with pytest.raises(UnsafeContent, match="rename it"):
        write_commit(store, commit, tmp_path / "checkout")
    assert [path.name for path in tmp_path.rglob("*") if path.name == "file"] == []


def test_a_folder_that_is_no_collection(collection: Collection, tmp_path: Path) -> None:
    def broken(clone: Path) -> None:
        file("templates/x/cookiecutter.json", "{}")(clone)

    collection.commit(broken)
    collection.tag("v1")
    text = (
        MINIMAL + f'git_url = "{collection.server.url}"\n[templates]\n'
        f'repository = "{collection.url}"\nref = "v1"\nfolder = "{{}}"\n'
    )
    for folder, said in {
        "elsewhere": "there are no templates in elsewhere",
        "templates": "templates/x/cookiecutter.json: _origin is not an object",
    }.items():
        with pytest.raises(UnusableTemplates) as raised:
            templates_of(read(text.format(folder), tmp_path), lambda: TOKEN)
        assert str(raised.value) == (
            f"templates.repository {collection.url} at v1, folder {folder}: {said}"
        )


# ------------------------------------------------------------------ the cache


def test_what_is_there_is_not_fetched_again(collection: Collection) -> None:
    commit = collection.commit(file("a"))
    collection.tag("v1")
    first = get(collection, commit)
    sent = len(collection.server.requests)
    assert get(collection, commit) == first
    assert len(collection.server.requests) == sent, "a commit needs no look at the server"
    assert get(collection, "v1") == first
    assert len(collection.server.requests) == sent + 2, "a tag is looked up"


def test_a_tag_that_was_moved_is_followed(collection: Collection) -> None:
    collection.commit(file("a", "1"))
    collection.tag("v1")
    assert (get(collection, "v1") / "a").read_text() == "1"
    collection.commit(file("a", "2"))
    collection.tag("v1")
    assert (get(collection, "v1") / "a").read_text() == "2"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file is gone": lambda files: (files / "a").unlink(),
    "a file is changed": lambda files: (files / "a").write_text("evil"),
    "a file is more": lambda files: (files / "b").write_text("evil"),
    "a mode is changed": lambda files: (files / "a").chmod(0o755),
    "a link is changed": lambda files: (
        (files / "l").unlink(), (files / "l").symlink_to("/etc/passwd")
    ),
    "a folder became a link": lambda files: (
        shutil.move(files / "d", files.parent / "d"), (files / "d").symlink_to("../d")
    ),
    "the commit is gone": lambda files: (files.parent / "commit").unlink(),
    "the commit is another": lambda files: (files.parent / "commit").write_bytes(b"tree x\n"),
    "everything is gone": lambda files: shutil.rmtree(files),
    "only the folder is left": lambda files: (
        shutil.rmtree(files.parent), files.parent.mkdir()
    ),
}  # fmt: skip


def test_a_damaged_checkout_is_replaced(collection: Collection) -> None:
    def change(clone: Path) -> None:
        file("a")(clone)
        file("d/f")(clone)
        link("l", "a")(clone)

    commit = collection.commit(change)
    folder = get(collection, commit)
    for name, damage in DAMAGE.items():
        assert holds(folder.parent, commit.encode()), name
        damage(folder)
        assert not holds(folder.parent, commit.encode()), name
        assert get(collection, commit) == folder, name
    assert holds(folder.parent, commit.encode())


def test_threads_at_once_fetch_once(collection: Collection) -> None:
    commit = collection.commit(our_templates)
    collection.server.before = lambda method, target: time.sleep(0.05)
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(get(collection, commit))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert sum(request.method == "GET" for request in collection.server.requests) == 1


def _fetch_elsewhere(url: str, ref: str, cache: str) -> str:
    os.environ["AIOPS_CACHE"] = cache
    folder = fetched(Remote(url, False, lambda: TOKEN), TemplateSource(url, ref, "templates"))
    assert load_catalog(folder / "templates")
    return str(folder)


def test_processes_at_once_fetch_once(collection: Collection, cache: Path) -> None:
    commit = collection.commit(our_templates)
    with ProcessPoolExecutor(4, multiprocessing.get_context("fork")) as pool:
        found = {
            job.result()
            for job in [
                pool.submit(_fetch_elsewhere, collection.url, commit, str(cache)) for _ in range(8)
            ]
        }
    assert len(found) == 1
    assert sum(request.method == "GET" for request in collection.server.requests) == 1


def test_a_killed_process_leaves_nothing_in_the_way(collection: Collection, cache: Path) -> None:
    """It dies with the lock in its hand, its files half written."""
    commit = collection.commit(our_templates)
    script = (
        "import os, sys\n"
        "from generator.config import checkout\n"
        "from generator.config.model import TemplateSource\n"
        "from generator.config.templates import fetched\n"
        "from generator.remotes import Remote\n"
        "write = checkout._write\n"
        "checkout._write = lambda file, *rest: os._exit(9) if file.name == 'app.py'"
        " else write(file, *rest)\n"
        "url, ref, token = sys.argv[1:]\n"
        "fetched(Remote(url, False, lambda: token), TemplateSource(url, ref, 'templates'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, collection.url, commit, TOKEN],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
    )
    assert done.returncode == 9
    assert not (cache / commit).exists()
    assert load_catalog(get(collection, commit) / "templates")


def test_the_cache_belongs_to_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIOPS_CACHE", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = cache_folder()
    assert made == tmp_path / f"aiops-{os.getuid()}"
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o777)
    with pytest.raises(UnsafeCache, match="others may write there"):
        cache_folder()
    made.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    made.symlink_to(tmp_path / "theirs")
    with pytest.raises(UnsafeCache, match="belongs to somebody else"):
        cache_folder()
    made.unlink()
    made.write_text("a file")
    with pytest.raises(UnsafeCache, match="cannot be used: File exists; set AIOPS_CACHE"):
        cache_folder()


def test_without_a_repository_the_built_in_templates_are_used(tmp_path: Path) -> None:
    catalog = templates_of(read(MINIMAL, tmp_path))
    assert catalog.named("regression").path == TEMPLATES / "regression"
