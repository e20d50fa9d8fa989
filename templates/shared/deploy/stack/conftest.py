"""The templates of every stage, synthesized once, as `make synth` does it, with all rules on."""

import components  # noqa: F401  (before aws_cdk: it chooses the Node.js to run on)

# isort: split

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from template_reading import Template, changed_properties

from app import APPLICATION
from components.application import main
from components.settings import STAGES, load_settings


@pytest.fixture(scope="session")
def group() -> str:
    """The ARN of a model package group that the dev stage may use, without a version."""
    settings = load_settings()
    account, region = settings.account("dev"), settings.region("dev")
    return f"arn:aws:sagemaker:{region}:{account}:model-package/example"


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A folder with links to this repository, so that its own cdk.out stays untouched."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("app.py", "cdk.json", "cicd-config.json", "config"):
        (folder / name).symlink_to(pytestconfig.rootpath / name)
    return folder


@pytest.fixture(scope="session")
def synthesize(workspace: Path) -> Callable[..., dict[str, str]]:
    """Synthesize in this process; returns the text of each stage's template."""

    def run(*arguments: str, stages: tuple[str, ...] = STAGES) -> dict[str, str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(workspace)
            assert main(APPLICATION, [*arguments, *(f"--stage={each}" for each in stages)]) == 0
        files = {each: workspace / "cdk.out" / each / "Endpoint.template.json" for each in stages}
        return {stage: file.read_text() for stage, file in files.items()}

    return run


@pytest.fixture(scope="session")
def texts(synthesize: Callable[..., dict[str, str]], group: str) -> dict[str, str]:
    """The templates of version 1 of a model, as text."""
    return synthesize(f"--model-package-arn={group}/1")


@pytest.fixture(scope="session")
def templates(texts: dict[str, str]) -> dict[str, Template]:
    return {stage: json.loads(text) for stage, text in texts.items()}


@pytest.fixture
def changed_by_another_version(
    synthesize: Callable[..., dict[str, str]], templates: dict[str, Template], group: str
) -> set[tuple[str, str]]:
    """What version 2 of a model changes in the dev stage: types of resources, with properties."""
    texts = synthesize(f"--model-package-arn={group}/2", stages=("dev",))
    return changed_properties(templates["dev"], json.loads(texts["dev"]))
