"""The templates travel with the package: beside it in a checkout, inside it in a wheel."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

from conftest import template_names
from generator_stage import CHECKOUT, tree_of

from generator.location import templates_folder


def test_a_checkout_uses_its_own_templates() -> None:
    assert templates_folder() == CHECKOUT / "templates"


def test_a_wheel_brings_the_templates(tmp_path: Path) -> None:
    """A wheel is a zip that can be imported from. Links are files in it, and modes are kept."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "home"
    home.mkdir()
    made: dict[str, set[str]] = {"wheel": set(), "checkout": set()}
    both = {"wheel": wheel, "checkout": CHECKOUT}
    # Templates share folders: each must have all of them.
    for (place, where), template in itertools.product(both.items(), template_names()):
        output = tmp_path / place / template
        done = subprocess.run(
            [sys.executable, "-m", "generator", "new", template, "--no-input", "-o", str(output)],
            cwd=home,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(where),
                "HOME": str(home),
                "TMPDIR": str(home),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made[place].add(tree_of(output, tmp_path / f"tree-{place}-{template}"))
    assert made["wheel"] == made["checkout"]
    assert len(made["wheel"]) == len(template_names())
    assert list(home.iterdir()) == [], "what was extracted is gone"
