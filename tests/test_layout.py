"""How the collection is put together: the menu, the links, the shared parts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from conftest import CHECKOUT, TEMPLATES, Render, run, template_names

SLUG = "{{cookiecutter.project_slug}}"


def links(folder: Path) -> list[Path]:
    """Every symbolic link below a folder; linked folders are not entered."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            found.append(path)
        elif path.is_dir():
            found.extend(links(path))
    return found


def test_the_menu_offers_every_template(tmp_path: Path) -> None:
    menu = json.loads((CHECKOUT / "cookiecutter.json").read_text())["templates"]
    assert sorted(menu) == template_names()
    for name, entry in menu.items():
        assert (CHECKOUT / entry["path"]).resolve() == TEMPLATES / name
        assert entry["title"] and entry["description"]


def test_the_menu_renders(tmp_path: Path) -> None:
    done = run(
        "cookiecutter", CHECKOUT, "--no-input", "-o", tmp_path / "out",
        cwd=tmp_path, HOME=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert sorted(path.name for path in (tmp_path / "out").glob("*/*")) == ["build", "deploy"]


@pytest.mark.parametrize("template", template_names())
def test_links_resolve_inside_the_templates_and_are_copied_unrendered(template: str) -> None:
    root = TEMPLATES / template
    copied = json.loads((root / "cookiecutter.json").read_text())["_copy_without_render"]
    found = links(root)
    assert {root / "hooks", root / "templates"} <= set(found)
    for link in found:
        target = link.resolve()
        assert target.exists(), f"{link} points to nothing"
        assert CHECKOUT in target.parents
        if target.is_dir() and SLUG in link.parts:
            inside = link.relative_to(root / SLUG)
            listed = {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}
            assert listed & set(copied), f"{inside} would come out silently empty: list it"


@pytest.mark.parametrize("template", template_names())
def test_everything_copied_unrendered_exists(template: str) -> None:
    root = TEMPLATES / template
    copied = json.loads((root / "cookiecutter.json").read_text())["_copy_without_render"]
    for pattern in copied:
        assert list((root / SLUG).glob(pattern)), f"_copy_without_render names {pattern}: not there"


@pytest.mark.parametrize("template", template_names())
def test_every_template_offers_both_layouts(template: str) -> None:
    settings = json.loads((TEMPLATES / template / "cookiecutter.json").read_text())
    assert settings["repo_layout"] == ["separate", "monorepo"]
    folders = {folder for folders in settings["_layouts"].values() for folder in folders}
    assert folders == {".github", "build/.github", "deploy/.github"}
    assert folders <= set(settings["_copy_without_render"])
    for folder in folders:
        shared = TEMPLATES / "shared" / (Path(folder).parent.name or "monorepo") / ".github"
        assert (TEMPLATES / template / SLUG / folder).resolve() == shared


@pytest.mark.parametrize("template", template_names())
def test_no_copied_path_has_a_conditional_name(template: str) -> None:
    """cookiecutter would put a folder without a name in the place of the one that it is in."""
    settings = json.loads((TEMPLATES / template / "cookiecutter.json").read_text())
    for pattern in settings["_copy_without_render"]:
        for path in (TEMPLATES / template / SLUG).glob(pattern):
            assert "{" not in str(path.relative_to(TEMPLATES / template / SLUG))


@pytest.mark.parametrize("layout", ["separate", "monorepo"])
@pytest.mark.parametrize("template", template_names())
def test_linked_folders_come_out_as_the_same_files(
    template: str, layout: str, render: Render
) -> None:
    project = render(template, **({} if layout == "separate" else {"repo_layout": layout}))
    settings = json.loads((TEMPLATES / template / "cookiecutter.json").read_text())
    elsewhere = {
        project / folder
        for other, folders in settings["_layouts"].items()
        for folder in folders
        if other != layout
    }
    for link in links(TEMPLATES / template / SLUG):
        rendered = project / link.relative_to(TEMPLATES / template / SLUG)
        if not link.is_dir():
            continue
        if rendered in elsewhere:
            assert not rendered.exists()
            continue
        originals = [path for path in sorted(link.resolve().rglob("*")) if path.is_file()]
        originals = [path for path in originals if "__pycache__" not in path.parts]
        assert originals
        for original in originals:
            copy = rendered / original.relative_to(link.resolve())
            assert copy.read_bytes() == original.read_bytes()
            assert copy.stat().st_mode & 0o111 == original.stat().st_mode & 0o111


def test_one_version_everywhere() -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (CHECKOUT / "CHANGELOG.md").read_text()
    for template in template_names():
        origin = json.loads((TEMPLATES / template / "cookiecutter.json").read_text())["_origin"]
        assert origin == {"name": template, "version": version}


def test_no_file_tells_where_packages_come_from() -> None:
    listed = run("git", "ls-files", cwd=CHECKOUT).stdout.split("\n")
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com")
    for name in filter(None, listed):
        path = CHECKOUT / name
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes().decode("utf-8", "ignore")
            assert not [host for host in hosts if host in text], name
            if path.name == "package-lock.json":
                assert '"resolved"' not in text, name
