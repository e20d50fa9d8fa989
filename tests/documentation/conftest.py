"""The repositories that the pages are about, and what their commands accept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT, Render, run

from documentation.pages import CHECKOUT_PLACE, LLM_PLACE, RAG_PLACE


@pytest.fixture(scope="session")
def repositories(render: Render) -> dict[str, Path]:
    """The folder of each place that a command can be for."""
    project = render()
    return {
        CHECKOUT_PLACE: CHECKOUT,
        "build": project / "build",
        "deploy": project / "deploy",
        LLM_PLACE: render("llm_finetune") / "build",
        RAG_PLACE: render("rag") / "build",
        f"{RAG_PLACE}/deploy": render("rag") / "deploy",
    }


@pytest.fixture(scope="session")
def options(repositories: dict[str, Path]) -> dict[str, dict[str, set[str]]]:
    """place -> command -> its options, of everything started with `python -m`."""
    script = Path(__file__).with_name("command_lines.py")
    found = {}
    for place, program in (("build", "mlops"), ("deploy", "operations")):
        done = run(sys.executable, script, program, cwd=repositories[place])
        assert done.returncode == 0, done.stdout
        printed = json.loads(done.stdout)
        found[place] = {command: set(given) for command, given in printed.items()}
    return found
