"""Entry points: thin, quick to load, and their logs and metrics say enough and no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from generator.control.ports import Ports
from generator.datazone import DataZoneUnavailable
from generator.errors import InputError
from generator.handlers.entry import entry, logger
from tests.conftest import CHECKOUT
from tests.control.stage import CANARY, CREATE, GIVEN, PROJECT, blind_ports, configuration

HANDLERS = ("describe", "seed_build", "seed_deploy", "approval", "deletion")
SEEDED = {
    "role": "deploy",
    "repository": "acme-ml/x",
    "url": "https://github.com/acme-ml/x",
    "state": "created",
    "branch": "main",
    "commit": "0" * 40,
    "tree": "1" * 40,
    "pull_request": None,
    "missing": [],
    "notes": [],
}


@dataclass
class Context:
    """What Lambda gives: `left` is in seconds."""

    left: float = 60.0
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.left * 1000)


class StandardOutput:
    """Wherever standard output goes at the moment: the log's own was chosen at its import."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger.registered_handler, "stream", StandardOutput())


@pytest.fixture
def ports(tmp_path: Path) -> Ports:
    return blind_ports(configuration(tmp_path))


def said(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Log lines, and metrics by name with their dimensions."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = {}
    for line in lines:
        for group in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert group["Namespace"] == "AIOps"
            (metric,) = group["Metrics"]
            (names,) = group["Dimensions"]
            value = line[metric["Name"]]
            metrics[metric["Name"]] = (
                value[0] if isinstance(value, list) else value,
                {name: line[name] for name in names if name != "service"},
            )
    return [line for line in lines if "_aws" not in line], metrics


def test_a_step_that_works_is_logged_and_counted(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = entry("seed_deploy", lambda given, ports: dict(SEEDED), lambda: ports)
    assert handler(GIVEN, Context()) == SEEDED
    (line,), metrics = said(capsys)
    assert line["message"] == "done"
    assert line["project_id"] == PROJECT
    assert line["execution_id"] == GIVEN["execution_id"]
    assert (line["step"], line["outcome"]) == ("seed_deploy", "created")
    assert metrics["ProjectsSeeded"] == (1, {})
    assert metrics["Outcomes"] == (1, {"step": "seed_deploy", "outcome": "created"})
    assert metrics["Seconds"][1] == {"step": "seed_deploy"}


def test_filling_a_repository_that_is_both_completes_a_project(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    done = SEEDED | {"role": "project"}
    entry("seed_build", lambda given, ports: done, lambda: ports)(GIVEN, Context())
    assert said(capsys)[1]["ProjectsSeeded"] == (1, {})


def test_a_project_that_was_complete_is_not_counted_again(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    done = SEEDED | {"state": "unchanged"}
    entry("seed_deploy", lambda given, ports: done, lambda: ports)(GIVEN, Context())
    build = SEEDED | {"role": "build"}
    entry("seed_build", lambda given, ports: build, lambda: ports)(GIVEN, Context())
    assert "ProjectsSeeded" not in said(capsys)[1]


@pytest.mark.parametrize("error", [DataZoneUnavailable, InputError, ZeroDivisionError])
def test_an_error_is_raised_as_it_is_and_counted_by_its_cause(
    error: type[Exception], ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(given: object, ports: Ports) -> dict[str, Any]:
        raise error("the cause")

    with pytest.raises(error, match="the cause"):
        entry("describe", fail, lambda: ports)(GIVEN, Context())
    (line,), metrics = said(capsys)
    assert (line["level"], line["cause"]) == ("ERROR", error.__name__)
    assert line["project_id"] == PROJECT
    assert metrics["Failures"] == (1, {"step": "describe", "cause": error.__name__})


def test_a_configuration_that_is_missing_is_a_failure_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from generator.control.ports import process_ports

    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(tmp_path))
    monkeypatch.setenv("AIOPS_CONFIG", "aiops.toml")
    process_ports.cache_clear()
    with pytest.raises(InputError, match=r"AIOPS_CONFIG = 'aiops.toml': there is no such file"):
        entry("describe", lambda given, ports: {})(GIVEN, Context())
    assert said(capsys)[1]["Failures"][0] == 1


def test_events_are_wrapped_into_a_step_s_input(ports: Ports) -> None:
    handler = entry("deletion", lambda given, ports: {"given": given}, lambda: ports, wrapped=True)
    assert handler(CREATE, Context()) == {"given": {"event": CREATE}}


def test_one_invocation_s_ids_are_not_on_the_next_one_s_lines(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = entry("describe", lambda given, ports: {"status": "READY"}, lambda: ports)
    handler(GIVEN, Context())
    handler({"project_id": "other"}, Context())
    first, second = said(capsys)[0]
    assert first["project_id"] == PROJECT
    assert "project_id" not in second


def test_nothing_of_the_input_but_ids_is_logged(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"event": CREATE | {"detail": CREATE["detail"] | {"secret": CANARY}}, "more": CANARY}
    entry("describe", lambda given, ports: {"status": "READY"}, lambda: ports)(given, Context())
    printed = capsys.readouterr()
    assert CANARY not in printed.out + printed.err


def test_foreign_texts_cannot_forge_a_log_line(
    ports: Ports, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"event": {"id": 'x\n{"level": "ERROR"}' + "y" * 1000}}
    entry("describe", lambda given, ports: {"status": "READY"}, lambda: ports)(given, Context())
    (line,), _ = said(capsys)
    assert len(line["event_id"]) <= 300


def test_a_step_gets_less_time_than_the_function_has(ports: Ports) -> None:
    """What is left is for saying what was wrong."""
    asked: list[float] = []

    class Watched(Ports):
        def within(self, seconds: float) -> Self:
            asked.append(seconds)
            return self

    handler = entry("describe", lambda given, ports: {}, lambda: Watched(**vars(ports)))
    handler(GIVEN, Context(60))
    handler(GIVEN, Context(3))
    assert asked == [50.0, 1.0]


_MEASURE = """
import importlib, resource, sys, time
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
module = importlib.import_module(f"generator.handlers.{sys.argv[1]}")
seconds = time.process_time() - started
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert callable(module.handler)
print(seconds, kilobytes / 1024)
"""


@pytest.mark.parametrize("name", HANDLERS)
def test_a_cold_import_stays_within_its_budget(name: str) -> None:
    """At most one second of CPU and 64 MiB over the interpreter, with byte-compiled files."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}
    # The first run may have to compile what was changed.
    for last in (False, True):
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, name],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        seconds, mebibytes = map(float, done.stdout.split())
        if last or seconds <= 1.0:
            break
    assert seconds <= 1.0
    assert mebibytes <= 64
