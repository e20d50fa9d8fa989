"""`python -m mlops summary RUN.json`: a pipeline run as Markdown, for a pull request or a job.

Shows the pipeline's graph with what became of each step, the metrics beside the baselines and
the champion, why it failed if it did, and where to look. The same for a run on this machine and
an execution in the cloud.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops.check import load_document
from mlops.check.definition import Definition, read_definition
from mlops.errors import CommandError
from mlops.evaluation import compared_with
from mlops.summary_graph import flowchart

DEFINITION = Path(".pipeline/definition.json")


class StepRecord(BaseModel):
    """A step of a run."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    type: str
    status: str
    seconds: float = 0.0
    cached: bool = False
    link: str | None = None


class RunRecord(BaseModel):
    """A run that has ended, as its JSON file tells it; `evaluation` is what the gate has read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    execution_id: str
    status: str
    failure_reason: str | None = None
    seconds: float
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    steps: tuple[StepRecord, ...]
    metrics: Mapping[str, float] = Field(default_factory=dict)
    model_package_arn: str | None = None
    report: str | None = None
    evaluation: Mapping[str, Any] | None = None
    links: Mapping[str, str] = Field(default_factory=dict)


def read_record(path: Path) -> RunRecord:
    """Read a run's JSON; raises `CommandError` when there is none or it is something else."""
    try:
        record = RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(
            f"cannot read {path} ({error.strerror}): `make run` or `make deploy` writes it",
            exit_code=2,
        ) from error
    except ValidationError as error:
        raise CommandError(f"{path} is not the record of a run: {error}", exit_code=2) from error
    evaluation = Path(record.report).with_name("evaluation.json") if record.report else None
    if record.evaluation is None and evaluation is not None and evaluation.is_file():
        content = json.loads(evaluation.read_text(encoding="utf-8"))
        return record.model_copy(update={"evaluation": content})
    return record


def render(record: RunRecord, definition: Definition | None) -> str:
    """The run as Markdown; without a definition the steps are drawn in a row."""
    good = record.status == "Succeeded"
    parts = [
        f"## {'✅' if good else '❌'} Pipeline {record.status.lower()} "
        f"in {duration(record.seconds)}",
        f"```mermaid\n{flowchart(record.steps, definition)}\n```",
    ]
    if record.failure_reason:
        parts.append(f"**Why**\n\n{_fenced(record.failure_reason)}")
    if table := _metrics(record):
        parts.append(table)
    if record.model_package_arn:
        parts.append(f"**Model package** {_code(record.model_package_arn)}")
    parts.append(_steps(record))
    if record.parameters:
        parts.append(_parameters(record))
    places = [f"[{_text(name)}]({url})" for name, url in record.links.items()]
    parts.append(" · ".join([f"Execution {_code(record.execution_id)}", *places]))
    return "\n\n".join(parts) + "\n"


def duration(seconds: float) -> str:
    """`4.2 s`, `42 s`, `3 min 5 s` or `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _metrics(record: RunRecord) -> str:
    """A row per metric: the model, and whatever it was compared with."""
    if not record.metrics:
        return ""
    evaluation = record.evaluation or {}
    others = compared_with(evaluation)
    lines = [
        _row(["Metric", "Model", *others]),
        _row(["---", *["---:"] * (1 + len(others))]),
    ]
    for name, value in record.metrics.items():
        compared = [_number(values.get(name)) for values in others.values()]
        lines.append(_row([name, f"**{_number(value)}**", *compared]))
    message = (evaluation.get("gate") or {}).get("message")
    return "\n".join(lines) + (f"\n\n{_text(str(message))}" if message else "")


def _steps(record: RunRecord) -> str:
    lines = [_row(["Step", "Status", "Time"]), _row(["---", "---", "---:"])]
    for step in record.steps:
        name = f"[{_text(step.name)}]({step.link})" if step.link else _text(step.name)
        status = f"{step.status} (cached)" if step.cached else step.status
        lines.append(_row([name, _text(status), duration(step.seconds) if step.seconds else ""]))
    return "\n".join(lines)


def _parameters(record: RunRecord) -> str:
    lines = [_row(["Parameter", "Value"]), _row(["---", "---"])]
    lines += [_row([_text(name), _code(str(v))]) for name, v in sorted(record.parameters.items())]
    return "<details><summary>Parameters</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _number(value: float | None) -> str:
    """Four significant digits; nothing for what was not measured."""
    return "" if value is None else f"{value:.4g}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(value: str) -> str:
    """Text that no table, link or HTML comes out of."""
    escaped = "".join(f"\\{c}" if c in r"\`*_[]|#" else c for c in " ".join(value.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(value: str) -> str:
    """Text as it is, in code; a backtick or a bar in it cannot end the code or the cell."""
    return "`" + " ".join(value.split()).replace("`", "'").replace("|", "\\|") + "`"


def _fenced(value: str) -> str:
    """Lines as they are; the fence is longer than any run of backticks in them."""
    fence = "```"
    while fence in value:
        fence += "`"
    return f"{fence}text\n{value.strip()}\n{fence}"


def main(arguments: Sequence[str]) -> int:
    """Print the Markdown of a run."""
    parser = argparse.ArgumentParser("python -m mlops summary", description=__doc__)
    parser.add_argument(
        "record", type=Path, metavar="RUN.json", help="such as .local/last_run.json"
    )
    parser.add_argument(
        "--definition", type=Path, default=DEFINITION, help="for the graph's arrows"
    )
    options = parser.parse_args(arguments)
    record = read_record(options.record)
    definition = None
    if options.definition.is_file():
        definition = read_definition(load_document(options.definition))
    print(render(record, definition), end="")
    return 0
