"""Runs as Markdown: what a person sees in a pull request, and that no text can break it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlops.check.definition import read_definition
from mlops.errors import CommandError
from mlops.evaluation import metrics_of
from mlops.summary import RunRecord, duration, main, read_record, render

DEFINITION = {
    "Version": "2020-12-01",
    "Steps": [
        {"Name": "Prepare", "Type": "Processing"},
        {"Name": "Train", "Type": "Training", "DependsOn": ["Prepare"]},
        {"Name": "Evaluate", "Type": "Processing", "DependsOn": ["Prepare", "Train"]},
        {
            "Name": "QualityGate",
            "Type": "Condition",
            "DependsOn": ["Evaluate"],
            "Arguments": {
                "Conditions": [],
                "IfSteps": [{"Name": "Register", "Type": "RegisterModel", "DependsOn": ["Train"]}],
                "ElseSteps": [{"Name": "Failed", "Type": "Fail"}],
            },
        },
    ],
}
EVALUATION: dict[str, Any] = {
    "regression_metrics": {
        "rmse": {"value": 54.70913, "standard_deviation": 2.0},
        "r2": {"value": 0.49},
    },
    "baselines": {"mean": {"rmse": 76.9, "r2": 0.0}, "linear": {"rmse": 54.9, "r2": 0.485}},
    "champion": {"rmse": 55.25, "r2": 0.48, "model_package_arn": "arn"},
    "gate": {"message": "rmse 54.7 is within the bound 60"},
}


def run(**changes: Any) -> dict[str, Any]:
    return {
        "execution_id": "abc123",
        "status": "Succeeded",
        "failure_reason": None,
        "seconds": 125.2,
        "parameters": {"MetricBound": 60.0, "InputDataUri": "s3://bucket/data"},
        "steps": [
            {"name": "Prepare", "type": "Processing", "status": "Succeeded", "seconds": 4.21},
            {"name": "Train", "type": "Training", "status": "Succeeded", "cached": True},
            {"name": "Evaluate", "type": "Processing", "status": "Succeeded", "seconds": 61},
            {"name": "QualityGate", "type": "Condition", "status": "Succeeded"},
            {"name": "Register", "type": "RegisterModel", "status": "Succeeded"},
            {"name": "Failed", "type": "Fail", "status": "Skipped"},
        ],
        "metrics": metrics_of(EVALUATION),
        "model_package_arn": "arn:aws:sagemaker:eu-west-1:1:model-package/group/1",
        "report": None,
        "evaluation": EVALUATION,
        "later_addition": "is ignored",
    } | changes


def shown(**changes: Any) -> str:
    return render(RunRecord.model_validate(run(**changes)), read_definition(DEFINITION))


def test_a_run_that_succeeds() -> None:
    text = shown(links={"files": "https://example.com/files"})
    assert text.splitlines()[0] == "## ✅ Pipeline succeeded in 2 min 5 s"
    assert "| Metric | Model | mean | linear | champion |" in text
    assert "| rmse | **54.71** | 76.9 | 54.9 | 55.25 |" in text
    assert "| r2 | **0.49** | 0 | 0.485 | 0.48 |" in text
    assert "rmse 54.7 is within the bound 60" in text
    assert "| Train | Succeeded (cached) |  |" in text
    assert "| Prepare | Succeeded | 4.2 s |" in text
    assert "`arn:aws:sagemaker:eu-west-1:1:model-package/group/1`" in text
    assert "[files](https://example.com/files)" in text
    assert "| MetricBound | `60.0` |" in text


def test_the_graph_has_the_pipeline_s_arrows_and_no_superfluous_one() -> None:
    graph = shown().split("```mermaid\n")[1].split("\n```")[0].splitlines()
    assert graph[0] == "flowchart LR"
    assert [line.strip() for line in graph if "-->" in line] == [
        "s0 --> s1",
        "s1 --> s2",
        "s2 --> s3",
        "s3 -->|yes| s4",
        "s3 -->|no| s5",
    ]
    assert '  s3{"QualityGate"}:::succeeded' in graph
    assert '  s5["Failed"]:::waiting' in graph


def test_without_a_definition_the_steps_stand_in_a_row() -> None:
    text = render(RunRecord.model_validate(run()), None)
    assert "s4 --> s5" in text


def test_a_run_that_fails_says_why() -> None:
    text = shown(
        status="Failed",
        failure_reason="Train: exit code 1\n```\n</details> | x",
        metrics={},
        evaluation=None,
        model_package_arn=None,
    )
    assert text.startswith("## ❌ Pipeline failed in 2 min 5 s")
    assert "````text\nTrain: exit code 1\n```\n</details> | x\n````" in text
    assert "Metric |" not in text
    assert "Model package" not in text


def test_text_from_outside_cannot_become_markup() -> None:
    hostile = "a|b`c <img src=x> [l](http://x) *b*\nnext"
    text = shown(
        parameters={"InputDataUri": hostile},
        evaluation=EVALUATION | {"gate": {"message": hostile}},
        steps=[{"name": 'x"<b>', "type": "Processing", "status": "Succeeded"}],
    )
    assert "<img" not in text.replace("`a\\|b'c <img src=x> [l](http://x) *b* next`", "")
    assert "| InputDataUri | `a\\|b'c <img src=x> [l](http://x) *b* next` |" in text
    assert "a\\|b\\`c &lt;img src=x&gt; \\[l\\](http://x) \\*b\\* next" in text
    assert 's0["x#quot;#lt;b#gt;"]' in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (42.4, "42 s"), (125, "2 min 5 s"), (7800, "2 h 10 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_metrics_are_numbers_of_the_sections_that_the_registry_shows() -> None:
    assert metrics_of(EVALUATION) == {"rmse": 54.70913, "r2": 0.49}
    assert (
        metrics_of({"regression_metrics": None, "x_metrics": {"a": 1, "b": {"value": "1"}}}) == {}
    )


def test_the_command_reads_the_evaluation_beside_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.html").write_text("report")
    (tmp_path / "evaluation.json").write_text(json.dumps(EVALUATION))
    record = tmp_path / "last_run.json"
    record.write_text(json.dumps(run(report=str(tmp_path / "report.html"), evaluation=None)))
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps(DEFINITION))
    assert main([str(record), "--definition", str(definition)]) == 0
    text = capsys.readouterr().out
    assert "| rmse | **54.71** | 76.9 | 54.9 | 55.25 |" in text
    assert "s3 -->|no| s5" in text


def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*absent\.json .*make run"):
        read_record(tmp_path / "absent.json")
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(CommandError, match=r"other\.json is not the record of a run"):
        read_record(tmp_path / "other.json")


def test_a_tuned_model_stands_beside_its_base() -> None:
    evaluation = {
        "llm_metrics": {"f1": {"base": 0.125, "tuned": 0.75, "difference": 0.625}},
        "perplexity": {"base": 1741.0, "tuned": 1.007, "difference": -1739.993},
        "cut_off": {"base": 60, "tuned": 0},
        "champion": {"f1": 0.5, "model_package_arn": "arn"},
        "gate": {"message": "f1 0.75"},
    }
    text = shown(metrics=metrics_of(evaluation), evaluation=evaluation)
    assert "| Metric | Model | base | champion |" in text
    assert "| f1 | **0.75** | 0.125 | 0.5 |" in text
    assert "| perplexity | **1.007** | 1741 |  |" in text


def test_ways_to_do_the_same_are_columns_beside_the_first() -> None:
    def of(recall: float, mrr: float) -> dict[str, Any]:
        figures = {"recall_at_5": {"value": recall, "interval": [0, 1]}, "mrr": {"value": mrr}}
        return {**figures, "by_type": {"title": {"recall_at_5": {"value": 0.1}}}}

    evaluation = {
        "retrieval_metrics": {"hybrid": of(0.9, 0.7), "bm25": of(0.8, 0.6), "dense": of(0.5, 0.4)},
        "latency": {"search": {"p50_ms": 3.0}},
        # Compared by one figure of its own, none of which is a row of the table.
        "champion": {"value": 0.9, "other": 0.8},
    }
    assert metrics_of(evaluation) == {"recall_at_5": 0.9, "mrr": 0.7}
    text = shown(metrics=metrics_of(evaluation), evaluation=evaluation)
    assert "| Metric | Model | bm25 | dense |" in text
    assert "| recall_at_5 | **0.9** | 0.8 | 0.5 |" in text
