"""Bundles hold what importing a step's entry point executes, and are named by their content."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlops.bundle import BundleError, content_digest, local_closure, step_bundle

FILES = {
    "source/__init__.py": "",
    "source/prepare.py": "from source.reading import read\nimport json\n\n\ndef main(): read()\n",
    "source/reading.py": "from . import kinds\nfrom .deep.inner import VALUE\ndef read(): ...\n",
    "source/kinds.py": "def late():\n    import source.lazy\n",
    "source/lazy.py": "import mlops.tracking\n",
    "source/deep/__init__.py": "from source import shared\n",
    "source/deep/inner.py": "from ..typed import T\nVALUE = T\n",
    "source/shared.py": "",
    "source/typed.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import source.absent\n"
        "else:\n    import source.used\nT = 1\n"
    ),
    "source/used.py": "",
    "source/unrelated.py": "import source.prepare\n",
    "source/inference.py": "",
    "source/requirements.txt": "numpy==2.1.0\n",
    "mlops/__init__.py": "",
    "mlops/tracking.py": "import mlflow\n",
    "mlops/deploy.py": "",
    "other/prepare.py": "",
}


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def names(root: Path, *modules: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in local_closure(root, modules)]


def test_the_closure_is_what_the_import_executes(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    assert names(root, "source.prepare") == [
        "mlops/__init__.py",
        "mlops/tracking.py",
        "source/__init__.py",
        "source/deep/__init__.py",
        "source/deep/inner.py",
        "source/kinds.py",
        "source/lazy.py",
        "source/prepare.py",
        "source/reading.py",
        "source/shared.py",
        "source/typed.py",
        "source/used.py",
    ]


def test_a_bundle_runs_on_its_own(tmp_path: Path) -> None:
    root = write(tmp_path / "repository", FILES)
    (root / "source/prepare.py").write_text(
        "import json\nfrom pathlib import Path\nfrom source.shared import NAME\n\n\n"
        "def main():\n    print(NAME, json.loads(Path('settings.json').read_text())['split'])\n"
    )
    (root / "source/shared.py").write_text("NAME = 'shared'\n")
    bundle = step_bundle(root, "source.prepare:main", settings={"split": 0.2})
    bundle.write(tmp_path / "code")
    done = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; sys.path.insert(0, '.'); import entry"],
        cwd=tmp_path / "code",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "shared 0.2\n"), done.stderr


def test_a_bundle_has_its_settings_requirements_and_guests(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    bundle = step_bundle(
        root,
        "source.used:main",
        settings={"b": 1, "a": [2]},
        requirements=Path("source/requirements.txt"),
        also=["source.inference"],
    )
    assert sorted(bundle.files) == [
        "entry.py",
        "requirements.txt",
        "settings.json",
        "source/__init__.py",
        "source/inference.py",
        "source/used.py",
    ]
    assert bundle.files["entry.py"] == b"from source.used import main\nmain()\n"
    assert json.loads(bundle.files["settings.json"]) == {"a": [2], "b": 1}


def test_the_digest_depends_on_content_alone(tmp_path: Path) -> None:
    def digest(folder: str, **changes: str) -> str:
        root = write(tmp_path / folder, FILES | changes)
        return step_bundle(root, "source.prepare:main", settings={}).digest

    first = digest("one")
    assert len(first) == 16
    assert digest("two") == first
    assert digest("three", **{"source/unrelated.py": "x = 1\n"}) == first
    assert digest("four", **{"source/used.py": "x = 1\n"}) != first
    root = write(tmp_path / "five", FILES)
    (root / "source/used.py").write_bytes(b"x = 1\r\n")
    unix = digest("six", **{"source/used.py": "x = 1\n"})
    assert step_bundle(root, "source.prepare:main", settings={}).digest == unix
    assert step_bundle(root, "source.prepare:main", settings={"a": 1}).digest != unix


def test_contents_cannot_move_between_files_unnoticed() -> None:
    assert content_digest({"a": b"xb", "c": b""}) != content_digest({"a": b"x", "bc": b""})
    assert content_digest({"a": b"1", "b": b"2"}) == content_digest({"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("source/lazy.py", "\nimport source.gone\n", r"lazy\.py:2 needs module source\.gone"),
        ("source/lazy.py", "from .gone import x\n", r"lazy\.py:1 needs module source\.gone"),
        ("source/lazy.py", "def broken(:\n", r"lazy\.py:1: "),
    ],
)
def test_mistakes_name_the_file_and_the_line(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    root = write(tmp_path, FILES | {name: content})
    with pytest.raises(BundleError, match=message):
        local_closure(root, ["source.prepare"])


def test_an_entry_point_must_be_one(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    with pytest.raises(BundleError, match=r"'source\.prepare' is not of the form"):
        step_bundle(root, "source.prepare", settings={})
    with pytest.raises(BundleError, match=r"needs module source\.gone"):
        step_bundle(root, "source.gone:main", settings={})
