"""Puts load on an endpoint, or on a server on this machine, and says how fast it answers."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from components.errors import ConfigurationError
from components.settings import Stage, load_settings
from operations.closed_loop import Load, LoadedRequest, exchange, run_load
from operations.failures import OperationFailed
from operations.load_report import LoadReport
from operations.prediction_target import LocalServer, Target, stage_endpoint
from operations.sample_request import SampleRequest, from_file, from_model_package
from operations.smoke import check_local
from operations.stack_state import deployed_stack
from operations.stage_account import connect


@dataclass(frozen=True)
class LoadRequest:
    """What to ask, how much, and what is too slow; ``report`` is a JSON file to write."""

    url: str | None
    stage: Stage | None
    endpoint: str | None
    sample_request: Path | None
    requests_file: Path | None
    load: Load
    max_p95_ms: float | None
    report: Path | None


def run_load_test(request: LoadRequest) -> None:
    """Measure and print; raises OperationFailed for any error, or a p95 over the bound.

    Raises ConfigurationError when the request cannot be carried out.
    """
    target, sample = _open(request)
    requests = requests_of(sample, request.requests_file)
    first = exchange(target, requests[0])  # not measured: it opens connections
    if first.failure is not None:
        raise OperationFailed(f"no load: the first request failed ({first.failure}): {first.said}")
    measured = run_load(target, requests, request.load, lambda line: print(line, file=sys.stderr))
    report = LoadReport.of(measured, target.name, request.load.workers)
    print(report.text())
    if request.report is not None:
        _write(report, request.report)
    if report.errors:
        failed = sum(report.errors.values())
        raise OperationFailed(f"{failed} of {report.requests} requests failed, see above")
    bound = request.max_p95_ms
    if bound is not None and report.latency is not None and report.latency.p95 > bound:
        raise OperationFailed(f"p95 is {report.latency.p95:.0f} ms, more than {bound:g} ms")


def requests_of(sample: SampleRequest, file: Path | None) -> list[LoadedRequest]:
    """The sample request, or one for each line of a file of JSON Lines.

    A line that is an object replaces what it names in the sample's body; what the sample does not
    have is left out, so that a file of evaluation questions will do. Any other line is a body.
    Raises ConfigurationError.
    """
    bodies = [sample.body] if file is None else list(_bodies(sample.body, file))
    if not bodies:
        raise ConfigurationError(f"{file} holds no request; write one in JSON a line")
    return [
        LoadedRequest(
            sample.model_copy(update={"body": body}).encode(),
            sample.content_type,
            isinstance(body, dict) and body.get("stream") is True,
        )
        for body in bodies
    ]


def _bodies(sample: JsonValue, file: Path) -> Iterator[JsonValue]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the file of requests {file} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given: JsonValue = json.loads(line)
        except ValueError as error:
            raise ConfigurationError(f"{file}, line {number} is not JSON: {error}") from None
        if not isinstance(given, dict) or not isinstance(sample, dict):
            yield given
            continue
        known = {key: value for key, value in given.items() if key in sample}
        if not known:
            raise ConfigurationError(
                f"{file}, line {number} has none of the sample request's {', '.join(sample)}"
            )
        yield sample | known


def _open(request: LoadRequest) -> tuple[Target, SampleRequest]:
    file = request.sample_request
    if request.url is not None:
        check_local(request.url, file)
    sample = from_file(file) if file is not None else None
    if request.url is not None and sample is not None:
        return LocalServer(request.url.rstrip("/")), sample
    if request.stage is None:
        raise ConfigurationError("there is nothing to ask: use STAGE=dev, or URL=http://...")
    settings = load_settings()
    session = connect(settings, request.stage)
    outputs = {}
    if request.endpoint is None or sample is None:
        outputs = dict(deployed_stack(session, settings.stack_name(request.stage)).outputs)
    target = stage_endpoint(
        session, outputs, named=request.endpoint, connections=request.load.workers
    )
    return target, sample or from_model_package(session, outputs["ModelPackageArn"])


def _write(report: LoadReport, file: Path) -> None:
    try:
        file.write_text(json.dumps(report.document(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OperationFailed(f"the report cannot be written to {file}: {error}") from None
