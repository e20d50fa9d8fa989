"""MLflow traces of answers: a span for each step, with what went in and what came out.

Traces are written where MLFLOW_TRACKING_URI says; without it nothing is traced and MLflow is not
even imported. A trace costs some 50 ms, so endpoints trace the share of requests that
MLFLOW_TRACE_SAMPLING_RATIO says. Every answer has a trace id, traced or not: feedback names it.
"""

from __future__ import annotations

import contextvars
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

Item = TypeVar("Item")

RATIO, ENDPOINT_RATIO = "MLFLOW_TRACE_SAMPLING_RATIO", "0.05"
_paused: contextvars.ContextVar[bool] = contextvars.ContextVar("paused", default=False)
# MLflow's id of a trace that is not recorded.
UNRECORDED = "MLFLOW_NO_OP_SPAN_TRACE_ID"


@dataclass(frozen=True)
class Span:
    """One step of an answer; `live` is MLflow's span, or None where nothing is traced."""

    trace_id: str
    live: Any = None

    def gave(self, outputs: Mapping[str, Any]) -> None:
        """Note what came out of the step."""
        if self.live is not None:
            self.live.set_outputs(dict(outputs))


def enabled() -> bool:
    """Whether answers are traced at all."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) and not _paused.get()


@contextmanager
def paused() -> Iterator[None]:
    """No traces while the block runs: for measuring how long answers take, and many of them."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)


def for_endpoint() -> None:
    """Settings for a process that answers many requests; call it before the first answer."""
    os.environ.setdefault(RATIO, ENDPOINT_RATIO)


@contextmanager
def span(name: str, kind: str, inputs: Mapping[str, Any]) -> Iterator[Span]:
    """A step while the block runs; inside another span it is a part of that one.

    `kind` is one of MLflow's span types, such as RETRIEVER.
    """
    if not enabled():
        yield Span(_new_id())
        return
    import mlflow

    with mlflow.start_span(name, span_type=kind) as live:
        live.set_inputs(dict(inputs))
        recorded = live.trace_id and live.trace_id != UNRECORDED
        yield Span(str(live.trace_id) if recorded else _new_id(), live if recorded else None)


def in_one_context(items: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """The items of a generator whose spans must belong together.

    A generator runs in the context of whoever asks for the next item, and servers ask from several
    threads. Here all of it runs in one copy of the context in which it began.
    """
    context = contextvars.copy_context()
    iterator = context.run(items)
    nothing: Any = object()
    try:
        while (item := context.run(next, iterator, nothing)) is not nothing:
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            context.run(close)


def _new_id() -> str:
    return f"tr-{uuid.uuid4().hex}"
