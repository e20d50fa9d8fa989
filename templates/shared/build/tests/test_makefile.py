"""`make` lists what it can do, says what it would do, and writes sample data only when needed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = next(parent for parent in Path(__file__).parents if (parent / "mlops/local").is_dir())
MAKEFILE = ROOT / "Makefile"
EXPECTED = {
    *("help", "setup", "lint", "test", "data", "compile", "check", "run", "report", "ui"),
    *("serve", "registry", "deploy", "lock", "clean"),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an environment that is ready, as far as make can tell.

    Its folder has a space in its name.
    """
    tmp_path = tmp_path / "my models"
    tmp_path.mkdir()
    (tmp_path / "Makefile").write_text(MAKEFILE.read_text())
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\n")
    (tmp_path / "env").mkdir()
    made = make(tmp_path, "--question", "--print-data-base")
    ready = re.search(r"^READY := (.*)$", made, re.MULTILINE)
    assert ready is not None
    pins = re.search(r"^PINS := (\d+)$", made, re.MULTILINE)
    assert pins is not None
    (tmp_path / "env" / f".ready-{pins[1]}").touch()
    return tmp_path


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", "VENV=env", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    return done.stdout + done.stderr


def test_every_command_is_listed(repository: Path) -> None:
    listed = set(re.findall(r"^  make (\S+) +\S", make(repository), re.MULTILINE))
    assert listed == EXPECTED
    assert make(repository) == make(repository, "help")


@pytest.mark.parametrize(
    ("target", "arguments", "command"),
    [
        ("run", "--from Evaluate", "-m mlops run --from Evaluate"),
        ("check", "", "-m mlops check"),
        ("serve", "--port 0", "-m mlops serve --port 0"),
        ("registry", "", "-m mlops registry list"),
        ("registry", "approve 1", "-m mlops registry approve 1"),
        ("data", "", "-m mlops data sample"),
        ("data", "synthetic --rows 10", "-m mlops data synthetic --rows 10"),
        ("deploy", "--no-start", "-m mlops deploy --no-start"),
        ("test", "-k gate", "-m pytest -k gate"),
    ],
)
def test_a_dry_run_shows_the_command(
    target: str, arguments: str, command: str, repository: Path
) -> None:
    said = make(repository, "-n", target, f"ARGS={arguments}")
    assert f"env/bin/python {command}" in said
    assert "pip install" not in said  # the environment is ready


def test_the_tracking_ui_stays_on_this_machine(repository: Path) -> None:
    said = make(repository, "-n", "ui")
    assert "--host 127.0.0.1" in said
    assert "sqlite:///.local/mlflow.db" in said


def test_other_pins_need_another_installation(repository: Path) -> None:
    (repository / "requirements.txt").write_text("numpy==2.1.1\n")
    assert "pip install" in make(repository, "-n", "run")


def test_cleaning_spares_a_local_directory_elsewhere(repository: Path, tmp_path: Path) -> None:
    for name in (".local", ".pipeline", "elsewhere", "env/bin"):
        (repository / name).mkdir(exist_ok=True)
    make(repository, "clean", f"MLOPS_LOCAL_DIR={tmp_path / 'elsewhere'}")
    assert not (repository / ".local").exists() and not (repository / ".pipeline").exists()
    assert (repository / "elsewhere").is_dir() and (repository / "env/bin").is_dir()


DATA = """
from pathlib import Path
SAMPLE = Path("data/sample.csv")
SAMPLES = (SAMPLE, Path("models/tiny"))
def main(arguments):
    assert arguments == ["sample"]
    SAMPLE.parent.mkdir(exist_ok=True)
    SAMPLE.write_text("written")
"""


@pytest.mark.parametrize(
    ("source", "there", "written"),
    [
        ("data/sample.csv", False, True),
        ("data/sample.csv", True, False),
        ("data/mine.csv", False, False),
        ("s3://bucket/data/sample.csv", False, False),
        ("models/tiny", False, True),
    ],
)
def test_the_sample_is_written_when_it_is_configured_and_missing(
    source: str, there: bool, written: bool, tmp_path: Path
) -> None:
    sample = tmp_path / "data/sample.csv"
    for folder in ("config", "data", "source"):
        (tmp_path / folder).mkdir()
    (tmp_path / "config/pipeline.yaml").write_text(f"data: {{source: '{source}'}}")
    (tmp_path / "source/__init__.py").touch()
    (tmp_path / "source/data.py").write_text(DATA)
    if there:
        sample.write_text("mine")
    subprocess.run(
        [sys.executable, "-m", "mlops.local.sample"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert sample.exists() == (there or written)
    assert not sample.exists() or sample.read_text() == ("written" if written else "mine")
