"""Rendering: the same every time, plain files with two modes, and nothing of a developer's."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter
from generator_stage import catalog
from test_catalog import written

from generator.catalog import BrokenCatalog, Template, load
from generator.files import EXECUTABLE, PLAIN, File, read_all
from generator.render import render

REGRESSION = catalog().named("regression")
PROJECT_FOLDER = "{{ cookiecutter.project_name }}"


@pytest.fixture
def template(tmp_path: Path) -> Template:
    """A small template with a linked folder, a linked file, a script and leftovers."""
    shared = tmp_path / "shared" / "lib"
    shared.mkdir(parents=True)
    (shared / "a.py").write_text("braces = '{{ stay }}'\n")
    (shared / "__pycache__").mkdir()
    (shared / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"\0")
    (shared / ".ruff_cache").mkdir()
    (shared / ".ruff_cache" / "x").write_text("x")
    facts = {"project": {"id": None}}
    found = written(
        tmp_path, one={"_copy_without_render": ["build/lib", "build/copied"], "_facts": facts}
    )
    folder = tmp_path / "one" / PROJECT_FOLDER
    for role in ("build", "deploy"):
        (folder / role).mkdir(parents=True)
        (folder / role / "README.md").write_text(
            "# {{ cookiecutter.project_name }} {{ cookiecutter._facts.project.id }}\n"
        )
    (folder / "build" / "lib").symlink_to(shared, target_is_directory=True)
    (folder / "build" / "copied").symlink_to(shared / "a.py")
    script = folder / "build" / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o775)
    (folder / "build" / "secret").write_text("x\n")
    (folder / "build" / "secret").chmod(0o600)
    (folder / "deploy" / "picture.png").write_bytes(bytes(range(256)))
    return found.named("one")


def test_what_a_template_becomes(template: Template) -> None:
    rendering = render(template, {"project_name": "Flats"}, {"project": {"id": "p-1"}})
    braces = File(PLAIN, b"braces = '{{ stay }}'\n")
    assert rendering.slug == "Flats"
    assert rendering.repositories == {
        "build": {
            "README.md": File(PLAIN, b"# Flats p-1\n"),
            "copied": braces,
            "lib/a.py": braces,
            "run.sh": File(EXECUTABLE, b"#!/bin/sh\n"),
            "secret": File(PLAIN, b"x\n"),
        },
        "deploy": {
            "README.md": File(PLAIN, b"# Flats p-1\n"),
            "picture.png": File(PLAIN, bytes(range(256))),
        },
    }


def test_it_is_what_plain_cookiecutter_writes(template: Template, tmp_path: Path) -> None:
    """Also where names are rendered, conditional, or not copied although they are links."""
    build = template.path / PROJECT_FOLDER / "build"
    (build / "{{ cookiecutter.size }}").mkdir()
    (build / "{{ cookiecutter.size }}" / "a.txt").write_text("{{ cookiecutter.size }}")
    (build / "{% if cookiecutter.size == 'large' %}large.txt{% endif %}").write_text("x")
    (build / "not_copied").symlink_to(build / "lib", target_is_directory=True)
    (build / "linked.txt").symlink_to(build / "{{ cookiecutter.size }}" / "a.txt")
    (build / "nested").mkdir()
    (build / "nested" / "{{ cookiecutter.size }}.raw").write_text("{{ raw }}")
    (build / "crlf.txt").write_bytes(b"a\r\n{{ cookiecutter.size }}\r\n")
    settings = json.loads((template.path / "cookiecutter.json").read_text())
    settings["_copy_without_render"] += ["*.raw", "build/nothing"]
    (template.path / "cookiecutter.json").write_text(json.dumps(settings))
    config = tmp_path / "config.yaml"
    config.write_text(f"cookiecutters_dir: {tmp_path}/c\nreplay_dir: {tmp_path}/r\n")
    for size in ("small", "large"):
        written = cookiecutter(
            str(template.path),
            no_input=True,
            extra_context={"size": size},
            output_dir=str(tmp_path / size),
            config_file=str(config),
        )
        ours = render(template, {"size": size}).repositories
        files = {f"{role}/{path}": file for role in ours for path, file in ours[role].items()}
        assert files == read_all(Path(written))
        assert ("build/large.txt" in files) == (size == "large")
        assert files[f"build/{size}/a.txt"] == files["build/linked.txt"]


LAYOUT: dict[str, object] = {
    "repo_layout": ["separate", "monorepo"],
    "_layouts": {"separate": ["build/own"], "monorepo": ["both", "build/deep/er"]},
}


def test_only_what_belongs_to_the_layout_is_there(template: Template) -> None:
    project = template.path / PROJECT_FOLDER
    for folder in ("both", "build/own", "build/deep/er", "build/deep/erx"):
        (project / folder).mkdir(parents=True)
        (project / folder / "x.txt").write_text("x")
    file = template.path / "cookiecutter.json"
    settings = json.loads(file.read_text()) | LAYOUT
    settings["__prompts__"]["repo_layout"] = "Which?"
    settings["_rules"]["repo_layout"] = {"pattern": ".*", "error": "x"}
    file.write_text(json.dumps(settings))
    one = load(template.path.parent).named("one")
    separate = render(one, {})
    assert separate.layout == "separate"
    assert set(separate.repositories) == {"build", "deploy"}
    build = separate.repositories["build"]
    assert "own/x.txt" in build and "deep/erx/x.txt" in build
    assert "deep/er/x.txt" not in build and "both/x.txt" not in separate.files
    both = render(one, {"repo_layout": "monorepo"})
    assert set(both.repositories) == {"project"}
    assert both.repositories["project"] == both.files
    assert {"both/x.txt", "build/deep/er/x.txt", "build/README.md"} <= set(both.files)
    assert "build/own/x.txt" not in both.files
    assert both.folder("deploy") == separate.folder("deploy")


def test_a_third_folder_is_the_authors_mistake(template: Template) -> None:
    (template.path / PROJECT_FOLDER / "extra").mkdir()
    (template.path / PROJECT_FOLDER / "extra" / "x.txt").write_text("x")
    with pytest.raises(BrokenCatalog, match=r"renders extra/x\.txt: everything belongs to one of"):
        render(template, {})


def test_a_file_beside_the_repositories_is_the_authors_mistake(template: Template) -> None:
    (template.path / PROJECT_FOLDER / "notes.txt").write_text("x")
    with pytest.raises(BrokenCatalog, match=r"renders notes\.txt"):
        render(template, {})


def test_a_mistake_in_a_file_names_the_template(template: Template) -> None:
    (template.path / PROJECT_FOLDER / "build" / "bad.md").write_text("{{ cookiecutter.nothing }}")
    with pytest.raises(BrokenCatalog, match="template one cannot be rendered"):
        render(template, {})


def test_where_it_was_rendered_cannot_be_seen(template: Template) -> None:
    """Paths of the machine would make the same answers give other bytes."""
    (template.path / PROJECT_FOLDER / "build" / "bad.md").write_text("{{ cookiecutter._repo_dir }}")
    with pytest.raises(BrokenCatalog, match="cannot be rendered"):
        render(template, {})


def test_the_same_answers_give_the_same_bytes() -> None:
    assert render(REGRESSION, {}) == render(REGRESSION, {})
    assert render(REGRESSION, {}) != render(REGRESSION, {"metric": "mae"})


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    before = Path.cwd()
    render(REGRESSION, {})
    assert list((tmp_path / "tmp").iterdir()) == []
    assert Path.cwd() == before


def test_renders_at_once_do_not_disturb_each_other() -> None:
    """cookiecutter changes the working directory of the process."""
    together = threading.Barrier(4)
    names = ["Alpha", "Beta", "Gamma", "Delta"]

    def go(name: str) -> str:
        together.wait()
        return render(REGRESSION, {"project_name": name}).slug

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(go, names)) == [name.lower() for name in names]


def test_the_users_cookiecutter_configuration_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("default_context:\n  project_name: From configuration\n")
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(config, tmp_path / ".cookiecutterrc")
    assert "From configuration" not in str(render(REGRESSION, {}))
