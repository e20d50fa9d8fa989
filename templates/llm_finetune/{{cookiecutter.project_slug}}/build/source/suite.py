"""Runs tasks of EleutherAI's lm-evaluation-harness on a model; nothing is imported unless asked.

A task is a name that the harness knows, whose data it fetches from the Hub, or `module:TASK`, a
dictionary in this repository with the harness's own keys (task, doc_to_text, metric_list, ...)
whose data may be local. Figures are the harness's; they do not decide at the gate.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from source.custom_code import load_attribute
from source.errors import UserError
from source.generation import LanguageModel

REQUIREMENT = "lm-eval==0.4.13"
BATCH_ROWS = 8


class SuiteFailed(UserError):
    """The harness is not installed, or one of its tasks cannot run; the text says which."""


def run_suite(model: LanguageModel, tasks: Sequence[str]) -> dict[str, float]:
    """Figures by `task.metric`. Raises `SuiteFailed`."""
    if importlib.util.find_spec("lm_eval") is None:
        raise SuiteFailed(
            f"evaluate.suite asks for {', '.join(tasks)}, and lm-eval is not installed; add "
            f"{REQUIREMENT} to source/requirements.txt and requirements.in, then `make lock`"
        )
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    asked = [load_task(task) for task in tasks]
    wrapped = HFLM(
        pretrained=model.model,
        tokenizer=model.tokenizer.tokenizer,
        batch_size=BATCH_ROWS,
        device=model.device,
    )
    try:
        found = simple_evaluate(model=wrapped, tasks=asked, bootstrap_iters=0, log_samples=False)
    except Exception as error:
        raise SuiteFailed(
            f"evaluate.suite: {', '.join(tasks)} cannot run ({type(error).__name__}: {error}); "
            "tasks by name fetch their data from the Hub"
        ) from error
    return figures(found["results"])


def load_task(task: str) -> str | dict[str, Any]:
    """A task as the harness takes it."""
    if ":" not in task:
        return task
    found = load_attribute(task, "evaluate.suite")
    if not isinstance(found, Mapping) or "task" not in found:
        raise SuiteFailed(f"evaluate.suite: {task} is no dictionary with the key `task`")
    return dict(found)


def figures(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """`task.metric` -> value of the harness's results; standard errors are left out.

    The harness writes `metric,filter`; the filter is named only where there is one.
    """
    found = {}
    for task, values in results.items():
        for key, value in values.items():
            metric, _, chosen = key.partition(",")
            if not chosen or "stderr" in metric or not isinstance(value, int | float):
                continue
            name = metric if chosen == "none" else f"{metric}_{chosen}"
            found[f"{task}.{name}"] = float(value)
    return found
