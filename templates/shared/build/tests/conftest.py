"""A small project whose pipeline runs in a second: real definition, real SDK driver, tiny steps."""

import io
import json
import runpy
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from mlops.__main__ import main
from mlops.check.definition import nested_steps

DEFINITION = Path(__file__).with_name("definition.json")
AREA = "local-artifacts/diabetes-progression"
GROUP = "aiops-diabetes-progression-models"

RUNPROC = """#!/bin/bash
set -e
cd /opt/ml/processing/input/code/
tar -xzf sourcedir.tar.gz
if [[ -f 'requirements.txt' ]]; then
    pip uninstall --yes typing
    python3 /opt/ml/processing/input/code/install_requirements.py requirements.txt
fi
python3 {script} "$@"
"""
# The SDK's installer: it would look for packages on the network.
INSTALLER = "import sys\nsys.exit('must not run on this machine')\n"

PREPARE = """
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--input", type=pathlib.Path)
parser.add_argument("--output", type=pathlib.Path)
options = parser.parse_args()
rows = [line for f in sorted(options.input.iterdir()) for line in f.read_text().split()]
print("rows:", len(rows))
if not rows:
    sys.exit("the table is empty")
for name in ("train", "validation", "test"):
    (options.output / name / "rows.json").write_text(json.dumps([float(row) for row in rows]))
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
config = json.loads((base / "config/processingjobconfig.json").read_text())
seen = {"environment": dict(os.environ), "config": config, "cwd": os.getcwd(), "argv": sys.argv}
(base / "seen.json").write_text(json.dumps(seen))
"""

TRAIN = """
import json, os, pathlib
rows = json.loads((pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]) / "rows.json").read_text())
assert (pathlib.Path(os.environ["SM_CHANNEL_VALIDATION"]) / "rows.json").is_file()
mean = sum(rows) / len(rows)
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
model.joinpath("model.json").write_text(json.dumps({"mean": mean}))
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "input/config"
seen = {path.stem: json.loads(path.read_text()) for path in base.glob("*.json")}
seen["environment"] = dict(os.environ)
output = pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"])
output.joinpath("seen.json").write_text(json.dumps(seen))
print("rmse=99.5")
print(f"rmse={mean}")
"""

EVALUATE = """
import argparse, json, pathlib, tarfile
parser = argparse.ArgumentParser()
for name in ("model", "test", "champion", "output"):
    parser.add_argument(f"--{name}", type=pathlib.Path)
parser.add_argument("--bound", type=float)
options = parser.parse_args()
with tarfile.open(options.model / "model.tar.gz") as archive:
    mean = json.load(archive.extractfile("model.json"))["mean"]
champion = json.loads((options.champion / "champion.json").read_text())
champion["has_model"] = (options.champion / "model.tar.gz").is_file()
excess = mean - options.bound
message = f"rmse {mean:g} against a bound of {options.bound:g}"
held = {"excess": 0.0}
gate = {"message": message, "checks": {"bound": {"excess": excess}, "mean": held,
        "linear": held, "champion": held}}
folder = options.output / "evaluation"
report = {"regression_metrics": {"rmse": {"value": mean, "standard_deviation": 1.0}},
          "champion": champion, "gate": gate}
(folder / "evaluation.json").write_text(json.dumps(report))
(folder / "report.html").write_text("<h1>report</h1>")
(folder / "sample_request.json").write_text(json.dumps({"content_type": "application/json"}))
"""


@dataclass
class Project:
    """A repository with a compiled pipeline; commands run in it."""

    root: Path

    @property
    def local(self) -> Path:
        """Its local state."""
        return self.root / ".local"

    @property
    def definition(self) -> Path:
        """Its compiled definition."""
        return self.root / ".pipeline" / "definition.json"

    @property
    def assets(self) -> Path:
        """Where its uploads are staged."""
        return self.root / ".pipeline" / "assets" / AREA

    def run(self, *arguments: str) -> int:
        """`python -m mlops run` on the compiled definition; returns the exit code."""
        return main(["run", "--definition", str(self.definition), *arguments])

    def last_run(self) -> dict[str, Any]:
        """`.local/last_run.json`."""
        read: dict[str, Any] = json.loads((self.local / "last_run.json").read_text())
        return read

    def step_directory(self, step: str) -> Path:
        """The directory of a step of the last run."""
        return Path(self.local / "runs" / str(self.last_run()["execution_id"]) / step)

    def statuses(self) -> dict[str, str]:
        """Status of each step of the last run; `Cached` for one that was reused."""
        return {
            step["name"]: "Cached" if step["cached"] else step["status"]
            for step in self.last_run()["steps"]
        }

    def edit(self, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change the definition."""
        document = json.loads(self.definition.read_text())
        change(document)
        self.definition.write_text(json.dumps(document))

    def packages(self) -> list[Path]:
        """Registered versions."""
        folder = self.local / "registry" / GROUP
        return sorted(path for path in folder.glob("*.json") if path.stem.isdigit())

    def log(self, step: str) -> str:
        """What a step of the last run printed."""
        return self.step_directory(step).joinpath("log.txt").read_text()

    def code(self, step: str, script: str) -> None:
        """Stage a step's code, replacing what was there."""
        if step == "Train":
            write_training_code(self.assets / f"code/Train/{'3' * 16}", script)
        else:
            digit = {"Prepare": "1", "Evaluate": "2"}[step]
            write_processing_code(self.assets / f"code/{step}/{digit * 16}", script)


def write_processing_code(folder: Path, script: str) -> None:
    (folder / "source").mkdir(parents=True, exist_ok=True)
    (folder / "runproc.sh").write_text(RUNPROC.format(script="step.py"))
    (folder / "source/install_requirements.py").write_text(INSTALLER)
    with tarfile.open(folder / "source/sourcedir.tar.gz", "w:gz") as archive:
        for name, text in (("step.py", script), ("requirements.txt", "numpy\n")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


def write_training_code(folder: Path, script: str) -> None:
    """The SDK's own driver, as ModelTrainer uploads it, around a script."""
    code, drivers = folder / "code", folder / "sm_drivers"
    code.mkdir(parents=True, exist_ok=True)
    (code / "step.py").write_text(script)
    (code / "requirements.txt").write_text("numpy\n")
    names = [path for path in files("sagemaker-train") or () if "__pycache__" not in path.parts]
    template = next(path for path in names if path.as_posix() == "sagemaker/train/templates.py")
    for path in names:
        place = path.as_posix().partition("sagemaker/train/container_drivers/")
        if place[1]:
            target = drivers / place[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(path.locate()), target)
    (drivers / "scripts/install_requirements.py").write_text(INSTALLER)
    texts = runpy.run_path(str(template.locate()))
    (drivers / "sm_train.sh").write_text(
        texts["TRAIN_SCRIPT_TEMPLATE"].format(
            working_dir="cd /opt/ml/input/data/code",
            install_requirements=texts["INSTALL_REQUIREMENTS"].format(
                requirements_file="requirements.txt"
            ),
            execute_driver=texts["EXECUTE_BASIC_SCRIPT_DRIVER"],
        )
    )
    (drivers / "sourcecode.json").write_text(json.dumps({"entry_script": "step.py"}))
    (drivers / "distributed.json").write_text("{}")


def write_project(root: Path) -> Project:
    """Write a project to `root`: settings, definition, staged code and data."""
    project = Project(root)
    settings = {
        "schema_version": 1,
        "role": "build",
        "template": {"name": "regression", "version": "1.0.0"},
        "project": {
            "name": "Diabetes progression",
            "slug": "diabetes-progression",
            "description": "Tests",
            "owner": "team",
        },
        "aws": {"region": "eu-west-1"},
    }
    project.definition.parent.mkdir(parents=True)
    (root / "cicd-config.json").write_text(json.dumps(settings))
    shutil.copyfile(DEFINITION, project.definition)
    project.code("Prepare", PREPARE)
    project.code("Train", TRAIN)
    project.code("Evaluate", EVALUATE)
    data = project.assets / "data/0123456789abcdef/diabetes.csv"
    data.parent.mkdir(parents=True)
    data.write_text("40\n50\n60\n")
    return project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the working directory."""
    made = write_project(tmp_path / "project")
    monkeypatch.chdir(made.root)
    monkeypatch.delenv("MLOPS_LOCAL_DIR", raising=False)
    return made


def step(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A step of a definition, wherever it stands."""
    return dict(next(found.raw for found in nested_steps(document["Steps"]) if found.name == name))
