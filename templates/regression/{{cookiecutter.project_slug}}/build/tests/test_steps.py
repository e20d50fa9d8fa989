"""The three steps as the pipeline starts them: with paths and a settings file, in their order."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from tables import RENTS, rents, write_settings

from source import data, evaluate, prepare
from source import train as train_step
from source.inference import input_fn, model_fn, output_fn, predict_fn
from source.schema import TableSchema
from source.splitting import Split
from source.synthetic import TARGET
from source.training import Trained

HYPERPARAMETERS = {
    "candidates": {
        "linear": {"alphas": [1.0, 10.0]},
        "xgboost": {"n_estimators": 30, "learning_rate": 0.3},
    },
    "folds": 3,
    "repeats": 1,
    "threads": 1,
}


@pytest.fixture
def tracking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "rents")
    monkeypatch.setenv("MLFLOW_ARTIFACT_LOCATION", (tmp_path / "artifacts").as_uri())
    mlflow.set_tracking_uri(uri)
    return uri


def settings_of(folder: Path, **gate: Any) -> Path:
    described = {key: value for key, value in asdict(RENTS).items() if key != "kinds"}
    return write_settings(
        folder / "settings.json",
        data=described,
        split={"seed": 3},
        train=HYPERPARAMETERS,
        gate={"metric": "rmse", **gate},
    )


def run_evaluate(folder: Path, archive: Path, split: Split, *extra: str) -> dict[str, Any]:
    """Run Evaluate on an archive; returns evaluation.json."""
    for name, frame in split.items():
        (folder / name).mkdir(exist_ok=True)
        frame.to_parquet(folder / name / f"{name}.parquet")
    champion = folder / "champion"
    champion.mkdir(exist_ok=True)
    (champion / "champion.json").write_text('{"model_package_arn": null}')
    arguments = {
        "model": archive.parent,
        "train": folder / "train",
        "test": folder / "test",
        "champion": champion,
        "output": folder / "output",
        "settings": settings_of(folder),
    }
    evaluate.main([part for k, v in arguments.items() for part in (f"--{k}", str(v))] + [*extra])
    written = folder / "output" / "evaluation" / "evaluation.json"
    return dict(json.loads(written.read_text(encoding="utf-8")))


def test_from_a_raw_table_to_a_judged_model(
    tmp_path: Path, tracking: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "data" / "rents.csv"
    table.parent.mkdir()
    frame = rents(240).assign(note="same")
    frame.loc[:3, TARGET] = ""
    frame.to_csv(table, index=False)
    settings = settings_of(tmp_path)

    prepared = tmp_path / "prepared"
    prepare.main(
        ["--input", str(table.parent), "--output", str(prepared), "--settings", str(settings)]
    )
    assert {str(path.relative_to(prepared)) for path in prepared.rglob("*.*")} == {
        "train/train.parquet",
        "validation/validation.parquet",
        "test/test.parquet",
        "schema/schema.json",
        "baseline/statistics.json",
        "baseline/constraints.json",
        "reports/validation.json",
    }
    assert "4 without target, 236 kept" in capsys.readouterr().out
    schema = TableSchema.load(prepared / "schema" / "schema.json")
    assert schema.ignored == {"note": "constant", "street": "identifier or free text"}

    model_dir, output = tmp_path / "model", tmp_path / "output"
    train_step.main(
        [
            *("--train", str(prepared / "train"), "--validation", str(prepared / "validation")),
            *("--schema", str(prepared / "schema"), "--settings", str(settings)),
            *("--model-dir", str(model_dir), "--output-data-dir", str(output)),
            *("--a_hyperparameter", "that SageMaker passes"),
        ]
    )
    printed = capsys.readouterr().out
    assert {"model.joblib", "schema.json", "metadata.json", "code"} == {
        path.name for path in model_dir.iterdir()
    }
    metadata = json.loads((model_dir / "metadata.json").read_text())
    assert metadata["rows"] == {"train": 142, "validation": 47}
    assert metadata["versions"]["xgboost"] == "3.2.0"
    candidates = json.loads((output / "candidates.json").read_text())
    standings = {standing["name"]: standing for standing in candidates["standings"]}
    assert {"mean", "linear", "xgboost"} <= set(standings)
    winner = standings[candidates["winner"]]
    # The regular expressions of the training job's metrics find these lines.
    for metric in ("rmse", "mae", "r2"):
        found = re.findall(rf"\b{metric}=([-+0-9.eE]+)", printed)
        assert float(found[-1]) == pytest.approx(winner["scores"][metric], rel=1e-4)

    runs = mlflow.search_runs(experiment_names=["rents"], output_format="list")
    by_step = {run.data.tags["step"]: run for run in runs}
    assert set(by_step) == {"Prepare", "Train"}
    assert by_step["Prepare"].data.params["rows_without_target"] == "4"
    assert by_step["Train"].data.params["candidate"] == candidates["winner"]
    history = mlflow.MlflowClient().get_metric_history(
        by_step["Train"].info.run_id, "stopping_rmse.xgboost"
    )
    assert len(history) == len(candidates["learning_curves"]["xgboost"]["round"]) > 3
    (logged,) = mlflow.search_logged_models(output_format="list")
    loaded = mlflow.pyfunc.load_model(logged.model_uri)
    example = loaded.input_example
    assert isinstance(example, pd.DataFrame) and set(example) == set(schema.features)
    served = model_fn(model_dir)
    np.testing.assert_allclose(loaded.predict(example), predict_fn(example, served))
    files = Path(logged.artifact_location.removeprefix("file://"))
    assert "xgboost==3.2.0" in (files / "requirements.txt").read_text()


def test_evaluate_writes_what_the_pipeline_and_the_deploy_repository_read(
    rents_model: tuple[Trained, Split],
    rents_archive: Path,
    tmp_path: Path,
    tracking: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = run_evaluate(tmp_path, rents_archive, rents_model[1], "--bound", "1000")
    output = tmp_path / "output" / "evaluation"
    assert {path.name for path in output.iterdir()} == {
        "evaluation.json",
        "report.html",
        "plots",
        "sample_request.json",
        "statistics.json",
    }
    for metric in ("rmse", "mae", "r2"):
        measured = document["regression_metrics"][metric]
        assert set(measured) == {"value", "standard_deviation"}
        assert measured["standard_deviation"] > 0
    assert document["regression_metrics"]["rmse"]["value"] < document["baselines"]["mean"]["rmse"]
    assert document["champion"] is None
    gate = document["gate"]
    assert gate["passed"] is True and gate["bound"] == 1000
    assert {name: check["excess"] <= 0 for name, check in gate["checks"].items()} == dict.fromkeys(
        ("bound", "mean", "linear", "champion"), True
    )
    assert gate["message"] in capsys.readouterr().out
    by_district = [segment for segment in document["segments"] if segment["by"] == "district"]
    assert sum(segment["rows"] for segment in by_district) == len(rents_model[1].test)
    assert {path.stem for path in (output / "plots").iterdir()} == {
        *("predicted_vs_actual", "residuals", "segments", "importance", "candidates"),
        "learning_curve",
    }
    for picture in (output / "plots").iterdir():
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 5000
    (run,) = mlflow.search_runs(experiment_names=["rents"], output_format="list")
    assert run.data.metrics["gate.bound.excess"] < 0
    logged = {a.path for a in mlflow.MlflowClient().list_artifacts(run.info.run_id, "evaluation")}
    assert {"evaluation/report.html", "evaluation/plots"} <= logged


def test_the_sample_request_is_answered_as_it_says(
    rents_model: tuple[Trained, Split], rents_archive: Path
) -> None:
    model = model_fn(rents_archive.parent / "model")
    sample = evaluate.sample_request(model, rents_model[1].test)
    assert sample["content_type"] == "application/json"
    assert 1 <= len(sample["body"]["instances"]) <= 5
    body = json.dumps(sample["body"])
    answer = output_fn(predict_fn(input_fn(body, sample["content_type"]), model), None)[0]
    assert json.loads(answer) == sample["expected"]
    (record, *_) = sample["body"]["instances"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["contract_start"])
    assert isinstance(record["rooms"], int) and record["lift"] in (True, False, None)


def test_a_gate_that_cannot_be_met_is_a_verdict_not_a_crash(
    rents_model: tuple[Trained, Split], rents_archive: Path, tmp_path: Path, tracking: str
) -> None:
    document = run_evaluate(tmp_path, rents_archive, rents_model[1], "--bound", "0.5")
    gate = document["gate"]
    assert gate["passed"] is False
    assert gate["checks"]["bound"]["excess"] == pytest.approx(gate["value"] - 0.5)
    assert "RMSE" in gate["message"] and "0.5" in gate["message"]
    report = (tmp_path / "output" / "evaluation" / "report.html").read_text(encoding="utf-8")
    assert "Quality gate: Not passed" in report and "misses the bound 0.5" in report


def test_a_bad_table_ends_prepare_with_every_error_and_nothing_half_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons = tmp_path / "opt-ml-output"
    reasons.mkdir()
    monkeypatch.setenv("SM_OUTPUT_DIR", str(reasons))
    table = tmp_path / "t.csv"
    rents(50).assign(rent="free", area=[["x"]] * 50).to_csv(table, index=False)
    settings = write_settings(
        tmp_path / "s.json", data={"target": "rent", "kinds": {"rooms": "date", "gone": "numeric"}}
    )
    with pytest.raises(SystemExit) as ended:
        prepare.main(
            ["--input", str(table), "--output", str(tmp_path / "o"), "--settings", str(settings)]
        )
    assert ended.value.code == 1
    text = capsys.readouterr().err
    assert "error: 3 problem(s) in the table" in text
    for words in ("'gone'", '"free"', "'rooms' should be date"):
        assert words in text
    assert [p.name for p in (tmp_path / "o").rglob("*.*")] == ["validation.json"]
    assert not json.loads((tmp_path / "o/reports/validation.json").read_text())["passed"]
    # SageMaker shows the first kilobyte of these as the reason of the failure.
    for name in ("failure", "message"):
        assert (reasons / name).read_text().startswith("3 problem(s) in the table")
        assert (reasons / name).stat().st_size <= 1024


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train": {"candidates": {"forest": {}}}}, "unknown ['forest']"),
        ({"train": {"candidates": {"xgboost": {"depth": 3}}}}, "train.candidates.xgboost: unknown"),
        ({"train": {"fold": 3}}, "train: unknown ['fold']"),
        ({"gate": {"metric": "mape"}}, "gate.metric: 'mape'"),
        (None, "no such settings file"),
    ],
)
def test_settings_that_a_step_does_not_know_end_it(
    tmp_path: Path,
    settings: dict[str, Any] | None,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "settings.json"
    if settings is not None:
        write_settings(path, **settings)
    with pytest.raises(SystemExit) as ended:
        train_step.main(["--settings", str(path)])
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


def test_steps_that_come_too_early_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(SystemExit):
        evaluate.main(["--model", str(tmp_path), "--settings", str(settings)])
    assert "no model.tar.gz; run Train first" in capsys.readouterr().err


def test_the_sample_is_the_real_table_in_its_units(tmp_path: Path) -> None:
    path = tmp_path / "data" / "diabetes.csv"
    assert data.main(["sample", "--output", str(path)]) == 0
    frame = pd.read_csv(path)
    assert frame.shape == (442, 11)
    assert frame["age"].between(19, 79).all() and frame["bmi"].between(18, 43).all()
    assert frame[data.TARGET].agg(["min", "max"]).tolist() == [25, 346]
    about = (path.parent / "README.md").read_text(encoding="utf-8")
    assert "scikit-learn" in about and "BSD" in about
    for column in frame:
        assert f"| {column} |" in about


def test_synthetic_tables_repeat_and_drift_moves_them(tmp_path: Path) -> None:
    for name, extra in (("a.csv", []), ("b.csv", []), ("c.parquet", ["--drift", "1"])):
        command = ["synthetic", "--rows", "800", "--seed", "4", "--output", str(tmp_path / name)]
        assert data.main(command + extra) == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    usual, drifted = pd.read_csv(tmp_path / "a.csv"), pd.read_parquet(tmp_path / "c.parquet")
    assert list(usual) == list(drifted)
    assert usual.isna().sum().sum() > 100 and usual["district"].value_counts().min() < 40
    assert drifted["area"].isna().mean() > usual["area"].isna().mean() + 0.1
    assert drifted["area"].median() > 1.15 * usual["area"].median()
    share = [(frame["district"] == "Harbour").mean() for frame in (usual, drifted)]
    assert share[1] > share[0] + 0.1
    assert drifted["contract_start"].min() > usual["contract_start"].min()
