"""Local runs do again only what has to be done again, and never disturb each other."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import EVALUATE, PREPARE, Project, step

from mlops.check.definition import Step
from mlops.local.cache import StepCache, duration
from mlops.local.freshness import compile_when_needed, sources_fingerprint
from mlops.local.store import LocalStore, NoObjectsError, pack
from mlops.local.workspace import Workspace

JOBS = ("Prepare", "Train", "Evaluate")
ROOT = Path(__file__).resolve().parents[1]


def jobs(project: Project) -> str:
    """C for a job that was reused, R for one that ran, in order."""
    statuses = project.statuses()
    return "".join("C" if statuses[name] == "Cached" else "R" for name in JOBS)


def started(project: Project) -> "subprocess.Popen[str]":
    """A run in a process of its own."""
    found = next(parent for parent in Path(__file__).parents if (parent / "mlops/local").is_dir())
    return subprocess.Popen(
        [sys.executable, "-m", "mlops", "run", "--definition", str(project.definition)],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(found)},
        # A shell starts what runs in the background with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_only_what_changed_runs_again(project: Project) -> None:
    assert project.run() == 0
    assert jobs(project) == "RRR"
    first = project.last_run()

    assert project.run() == 0
    assert jobs(project) == "CCC"
    assert project.last_run()["model_data"] == first["model_data"]
    assert len(project.packages()) == 2  # a registration is never taken from the cache

    project.code("Evaluate", EVALUATE + "\nprint('more')\n")
    assert project.run() == 0
    assert jobs(project) == "CCR"

    assert project.run("--param", "MetricBound=55") == 0
    assert jobs(project) == "CCR"

    assert project.run("--param", "MaxDepth=4") == 0
    assert jobs(project) == "CRC"  # the same model came out: nothing new to evaluate

    # Other code with the same result: what follows has nothing to do.
    project.code("Prepare", PREPARE.replace('"rows:"', '"lines:"'))
    assert project.run() == 0
    assert jobs(project) == "RCC"

    assert project.run("--no-cache") == 0
    assert jobs(project) == "RRR"


def test_other_data_runs_everything_again(project: Project, tmp_path: Path) -> None:
    assert project.run() == 0
    other = tmp_path / "other.csv"
    other.write_text("10\n20\n30\n")
    assert project.run("--data", str(other)) == 0
    assert jobs(project) == "RRR"
    assert project.last_run()["metrics"] == {"rmse": 20.0}
    assert project.run() == 0
    assert jobs(project) == "CCC"
    assert project.last_run()["metrics"] == {"rmse": 50.0}


def test_outputs_that_were_touched_are_made_again(project: Project) -> None:
    assert project.run() == 0
    for path in (project.local / "s3").rglob("Prepare/train/rows.json"):
        path.write_text("[1.0]")
    assert project.run() == 0
    assert jobs(project) == "RCC"
    for path in (project.local / "s3").rglob("model.tar.gz"):
        path.unlink()
    assert project.run() == 0
    assert jobs(project) == "CRC"


def test_the_cache_expires(project: Project) -> None:
    assert project.run() == 0
    project.edit(lambda d: step(d, "Train")["CacheConfig"].update(ExpireAfter="PT1H"))
    for path in (project.local / "cache").glob("*.json"):
        entry = json.loads(path.read_text())
        entry["created"] = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        path.write_text(json.dumps(entry))
    assert project.run() == 0
    assert jobs(project) == "CRC"


def test_a_step_without_a_cache_always_runs(project: Project) -> None:
    project.edit(lambda d: step(d, "Evaluate")["CacheConfig"].update(Enabled=False))
    assert project.run() == 0
    assert project.run() == 0
    assert jobs(project) == "CCR"


def test_a_torn_cache_entry_is_no_entry(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    cache = StepCache(workspace, LocalStore(workspace.store), "pipeline")
    workspace.cache.mkdir()
    (workspace.cache / "abc.json").write_text('{"created": ')
    held = Step("Train", "Training", {}, {"CacheConfig": {"Enabled": True}})
    assert cache.find("abc", held) is None
    assert cache.find("absent", held) is None


def test_what_succeeded_before_a_failure_is_not_done_again(project: Project) -> None:
    project.code("Evaluate", "raise SystemExit('not yet')")
    assert project.run() == 1
    project.code("Evaluate", EVALUATE)
    assert project.run() == 0
    assert jobs(project) == "CCR"


def test_from_takes_over_what_stands_before(project: Project) -> None:
    project.code("Evaluate", "raise SystemExit('not yet')")
    assert project.run() == 1
    before = project.last_run()
    # Even with other code before it: the person asked to start there.
    project.code("Prepare", "raise SystemExit('must not run')")
    project.code("Evaluate", EVALUATE)
    assert project.run("--from", "Evaluate") == 0
    assert jobs(project) == "CCR"
    assert project.last_run()["model_data"] == before["model_data"]
    assert project.run("--from", "Evaluate") == 0
    assert jobs(project) == "CCR"  # it runs although nothing has changed
    assert project.run("--from", "RegisterModel") == 0
    assert jobs(project) == "CCC"


def test_from_needs_an_earlier_run(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.run("--from", "Evaluate") == 2
    assert "no earlier run has finished Prepare, Train" in capsys.readouterr().err
    assert project.run("--from", "Evaluat") == 2
    assert "did you mean 'Evaluate'?" in capsys.readouterr().err


def test_a_step_past_its_limit_is_stopped_with_its_children(project: Project) -> None:
    project.edit(
        lambda d: step(d, "Prepare")["Arguments"]["StoppingCondition"].update(MaxRuntimeInSeconds=1)
    )
    pid_file = project.root / "pid"
    project.code(
        "Prepare",
        "import pathlib, subprocess\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "print('waiting', flush=True)\nchild.wait()\n",
    )
    begun = time.monotonic()
    assert project.run() == 1
    assert time.monotonic() - begun < 10
    assert "ran past its limit of 1 seconds" in project.last_run()["failure_reason"]
    assert not alive(int(pid_file.read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_behind(
    project: Project, number: signal.Signals
) -> None:
    pid_file = project.root / "pid"
    project.code(
        "Train",
        "import pathlib, subprocess\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "child.wait()\n",
    )
    process = started(project)
    until = time.monotonic() + 30
    while not pid_file.exists() or not pid_file.read_text():
        assert process.poll() is None and time.monotonic() < until, process.communicate()[0]
        time.sleep(0.02)
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1, output
    assert project.last_run()["failure_reason"] == "Train was interrupted"
    assert project.statuses()["Prepare"] == "Succeeded"
    assert not alive(int(pid_file.read_text()))
    assert project.packages() == []


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip()[:1] not in ("", "Z")


def test_two_runs_at_once_do_not_disturb_each_other(project: Project) -> None:
    project.edit(lambda d: [step(d, name)["CacheConfig"].update(Enabled=False) for name in JOBS])
    both = [started(project), started(project)]
    outputs = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert any("another run is using this directory" in output for output in outputs)
    packages = [json.loads(path.read_text()) for path in project.packages()]
    assert [package["ModelPackageVersion"] for package in packages] == [1, 2]
    executions = {
        package["CustomerMetadataProperties"]["pipeline_execution_id"] for package in packages
    }
    assert len(executions) == 2
    assert project.last_run()["execution_id"] in executions


def test_old_runs_are_forgotten_but_not_their_outputs(project: Project) -> None:
    assert project.run() == 0
    first = project.step_directory("Train").parent
    for number in range(9):
        shutil.copytree(first, first.with_name(f"older{number}"))
        os.utime(first.with_name(f"older{number}") / "run.json", ns=(1, 2**60 + number))
    assert project.run() == 0
    assert len(list((project.local / "runs").iterdir())) == 10
    assert not first.with_name("older0").exists() and first.with_name("older1").exists()
    shutil.rmtree(first)
    assert project.run() == 0
    assert jobs(project) == "CCC"
    assert Path(project.last_run()["report"]).is_file()  # of the first run, in the store


def test_archives_of_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name
        (folder / "code").mkdir(parents=True)
        for file in (
            ("code/inference.py", "model.json")
            if name == "a"
            else (
                "model.json",
                "code/inference.py",
            )
        ):
            (folder / file).write_text(file)
            os.utime(folder / file, (1, 1 if name == "a" else 10**9))
        pack(folder, tmp_path / f"{name}.tar.gz")
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


def test_the_store_keeps_to_itself(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "s3")
    for uri in ("s3://bucket/../../etc/passwd", "https://bucket/key", "/etc/passwd", "s3://"):
        with pytest.raises(ValueError, match="is not an address"):
            store.path(uri)
    with pytest.raises(NoObjectsError, match="s3://bucket/nothing"):
        store.download("s3://bucket/nothing", tmp_path / "target")


@pytest.mark.parametrize(
    ("text", "hours"), [("P30D", 720), ("PT1H", 1), ("30d", 720), ("P1DT2H", 26), ("P1W", 168)]
)
def test_durations(text: str, hours: int) -> None:
    assert duration(text) == timedelta(hours=hours)


def repository(root: Path) -> Path:
    for name, text in {
        "pipeline/definition.py": "x = 1",
        "source/train.py": "y = 1",
        "mlops/settings.py": "z = 1",
        "config/pipeline.yaml": "data: {source: data/table.csv}",
        "data/table.csv": "a,b",
        "data/unused.csv": "a,b",
        "cicd-config.json": "{}",
        "requirements.txt": "numpy==2.1.0",
        "README.md": "read",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("file", "matters"),
    [
        ("pipeline/definition.py", True),
        ("source/train.py", True),
        ("source/new.py", True),
        ("prompts/answer.md", True),
        ("mlops/settings.py", True),
        ("config/pipeline.yaml", True),
        ("data/table.csv", True),
        ("cicd-config.json", True),
        ("requirements.txt", True),
        ("data/unused.csv", False),
        ("README.md", False),
        ("source/__pycache__/train.pyc", False),
    ],
)
def test_what_the_definition_depends_on(file: str, matters: bool, tmp_path: Path) -> None:
    root = repository(tmp_path)
    before = sources_fingerprint(root)
    path = root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + " # changed")
    assert (sources_fingerprint(root) != before) is matters


def test_a_folder_of_data_counts_by_its_files(tmp_path: Path) -> None:
    root = repository(tmp_path)
    for text in ("corpus", "corpus/"):
        (root / "config/pipeline.yaml").write_text(f"data: {{source: {text}}}")
        before = sources_fingerprint(root)
        page = root / "corpus/deeper" / f"{len(text)}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("# Anchor")
        assert sources_fingerprint(root) != before


def test_nothing_is_compiled_when_nothing_changed(tmp_path: Path) -> None:
    root = repository(tmp_path)
    output = root / ".pipeline"
    output.mkdir()
    definition = output / "definition.json"
    definition.write_text("{}")
    (output / "fingerprint").write_text(sources_fingerprint(root))
    begun = time.monotonic()
    assert compile_when_needed(root, output) == definition
    assert time.monotonic() - begun < 1  # importing the SDK alone takes several


def test_step_directory_holds_what_the_job_had(project: Project) -> None:
    assert project.run() == 0
    opened: dict[str, Any] = json.loads(
        (project.step_directory("Train") / "opt/ml/input/config/hyperparameters.json").read_text()
    )
    assert opened["max_depth"] == "3"
