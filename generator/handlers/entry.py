"""What every entry point does around its step: ports, deadline, structured log, metrics.

Nothing of the input is logged but ids, and an error is raised as it is: whoever called decides by
its class's name.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from generator.errors import GeneratorError, shown

if TYPE_CHECKING:
    from generator.control.ports import Ports

Document = dict[str, Any]
Step = Callable[[object, "Ports"], Document]

SERVICE, NAMESPACE = "aiops", "AIOps"
# What a function keeps of its time to report an error rather than to be cut off.
RESERVE_SECONDS = 10.0
# States of a repository that a step has changed.
CHANGED = {"created", "updated", "branch"}
# Roles of the repository with which a project is complete.
DEPLOYING = {"deploy", "project"}

logger = Logger(service=SERVICE, use_rfc3339=True)
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # What the steps log goes the same way, with the same ids, and not through Lambda's own handler.
    library = logging.getLogger("generator")
    library.addHandler(logger.registered_handler)
    library.setLevel(logging.INFO)
    library.propagate = False


class Context(Protocol):
    """What Lambda gives beside the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of the function's time."""


def entry(
    name: str,
    step: Step,
    ports: Callable[[], Ports] | None = None,
    *,
    wrapped: bool = False,
) -> Callable[[Any, Context], Document]:
    """Return the entry point that runs `step`, known as `name` in logs and metrics.

    ports: made once per process; by default from the configuration that AIOPS_CONFIG names.
    wrapped: whether Lambda is given the bare event of EventBridge rather than a step's input.
    """

    def handler(event: Any, context: Context) -> Document:
        given = {"event": event} if wrapped else event
        _know(name, given, context)
        started = time.monotonic()
        opened: Ports | None = None
        try:
            opened = _hurried((ports or _process_ports)(), context)
            done = step(given, opened)
        except Exception as error:
            _failed(name, error)
            raise
        finally:
            _count_calls(name, opened)
        _done(name, done, time.monotonic() - started)
        return done

    return handler


def _process_ports() -> Ports:
    from generator.control.ports import process_ports

    return process_ports()


def _hurried(ports: Ports, context: Context) -> Ports:
    left = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    return ports.within(max(left, 1.0))


def _know(name: str, given: object, context: Context) -> None:
    """Put the ids that an administrator looks for on every line of this invocation."""
    logger.clear_state()
    logger.append_keys(
        step=name,
        request_id=context.aws_request_id,
        execution_id=_member(given, "execution_id"),
        event_id=_member(given, "event", "id"),
        project_id=_member(given, "event", "detail", "responseElements", "id")
        or _member(given, "event", "detail", "requestParameters", "identifier"),
        model_package=_member(given, "event", "detail", "ModelPackageArn"),
    )
    logger.remove_keys([key for key, value in logger.get_current_keys().items() if value is None])


def _member(given: object, *path: str) -> str | None:
    """Return a short text of the input, if it is there; it comes from outside."""
    for name in path:
        given = given.get(name) if isinstance(given, Mapping) else None
    return shown(given, 300)[1:-1] if isinstance(given, str) else None


def _failed(name: str, error: Exception) -> None:
    cause = type(error).__name__
    if isinstance(error, GeneratorError):
        logger.error(str(error), extra={"cause": cause})
    else:
        logger.exception("this should not happen", extra={"cause": cause})
    _metric("Failures", MetricUnit.Count, 1, step=name, cause=cause)


def _done(name: str, done: Document, seconds: float) -> None:
    outcome = str(done.get("status") or done.get("state"))
    found = {
        key: done[key]
        for key in ("repository", "repositories", "branch", "commit", "pull_request", "reason")
        if done.get(key)
    }
    logger.info("done", extra={"outcome": outcome, "seconds": round(seconds, 2), **found})
    _metric("Seconds", MetricUnit.Seconds, seconds, step=name)
    _metric("Outcomes", MetricUnit.Count, 1, step=name, outcome=outcome)
    # The deploy repository is the last: with it a project is complete, as with one that is both.
    if done.get("role") in DEPLOYING and outcome in CHANGED:
        _metric("ProjectsSeeded", MetricUnit.Count, 1)


def _count_calls(name: str, ports: Ports | None) -> None:
    """Metrics of GitHub, where the step asked it anything."""
    tally = ports.github.used() if ports else None
    if tally is None:
        return
    _metric("GitHubChanges", MetricUnit.Count, tally.changes, step=name)
    if tally.left is not None:
        _metric("GitHubCallsLeft", MetricUnit.Count, tally.left.remaining)


def _metric(name: str, unit: MetricUnit, value: float, **dimensions: str) -> None:
    # A step that has worked must not fail because a metric cannot be told.
    with (
        suppress(ValueError),
        single_metric(name, unit, value, namespace=NAMESPACE) as metric,
    ):
        for dimension, text in dimensions.items():
            metric.add_dimension(dimension, text)
