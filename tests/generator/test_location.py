"""The templates travel with the package: beside it, inside a wheel, inside a zip."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from generator_stage import CHECKOUT, tree_of

from generator.location import templates_folder


def test_a_checkout_uses_its_own_templates() -> None:
    assert templates_folder() == CHECKOUT / "templates"


def test_a_package_inside_a_zip_brings_its_templates(tmp_path: Path) -> None:
    """Links are files in a zip, and modes are kept: the rendered trees are the same."""
    archive = tmp_path / "aiops.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for folder, folders, files in os.walk(CHECKOUT / "generator", followlinks=True):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in files:
                path = Path(folder) / name
                packed.write(path, path.relative_to(CHECKOUT))
    home = tmp_path / "home"
    home.mkdir()
    made = {}
    for place, where in {"zip": archive, "checkout": CHECKOUT}.items():
        output = str(tmp_path / place)
        done = subprocess.run(
            [sys.executable, "-m", "generator", "new", "regression", "--no-input", "-o", output],
            cwd=home,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(where), "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made[place] = tree_of(tmp_path / place / "diabetes-progression", tmp_path / f"t-{place}")
    assert made["zip"] == made["checkout"]
    assert list(home.iterdir()) == []
