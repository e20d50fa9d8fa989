"""What every test of the collection shares: the checkout, and projects rendered from it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from generator.demo.commands import OF_MAKE
from generator.demo.environments import environment_for

CHECKOUT = Path(__file__).resolve().parents[1]
TEMPLATES = CHECKOUT / "templates"
Render = Callable[..., Path]
ENVIRONMENTS = CHECKOUT / ".cache" / "environments"

# The project's tools are found whether or not its environment is activated.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# Neither the templates nor what is rendered from them may fill with compiled files.
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
sys.dont_write_bytecode = True
# `make test` is a make too: those that the tests start must not take themselves for its children.
for inherited in OF_MAKE:
    os.environ.pop(inherited, None)


def template_names() -> list[str]:
    """Names of all templates: the folders that have a cookiecutter.json."""
    return sorted(path.parent.name for path in TEMPLATES.glob("*/cookiecutter.json"))


def cookiecutter_config(folder: Path) -> Path:
    """A cookiecutter configuration that keeps every write inside `folder`."""
    config = folder / "cookiecutter.yaml"
    config.write_text(f"cookiecutters_dir: {folder}/clones\nreplay_dir: {folder}/replay\n")
    return config


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render a template as a person does; the same answers are rendered once per worker."""
    config = cookiecutter_config(tmp_path_factory.mktemp("cookiecutter"))
    done: dict[tuple[str, str], Path] = {}

    def rendered(template: str = "regression", **answers: str) -> Path:
        key = (template, repr(sorted(answers.items())))
        if key not in done:
            done[key] = Path(
                cookiecutter(
                    str(TEMPLATES / template),
                    no_input=True,
                    extra_context=answers,
                    output_dir=str(tmp_path_factory.mktemp(template)),
                    config_file=str(config),
                )
            )
        return done[key]

    return rendered


@pytest.fixture(scope="session")
def build_environment(render: Render) -> Path:
    """Where a rendered build repository's commands run; installed once for all."""
    return environment_for(render() / "build", ENVIRONMENTS)


@pytest.fixture(scope="session")
def deploy_environment(render: Render) -> Path:
    """Where a rendered deploy repository's commands run; installed once for all."""
    return environment_for(render() / "deploy", ENVIRONMENTS)


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it did; nothing of the caller's AWS set-up reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
