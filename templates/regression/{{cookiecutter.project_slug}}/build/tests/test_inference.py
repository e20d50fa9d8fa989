"""The endpoint's handlers: raw records in, the same predictions as in training out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from source.artifact import ModelUnusable, serving_modules
from source.candidates import predict
from source.inference import (
    RequestError,
    ServedModel,
    input_fn,
    model_fn,
    output_fn,
    predict_fn,
)
from source.splitting import Split
from source.training import Trained

JSON, CSV = "application/json", "text/csv"


@pytest.fixture(scope="module")
def model(rents_archive: Path) -> ServedModel:
    return model_fn(rents_archive.parent / "model")


@pytest.fixture(scope="module")
def records(rents_model: tuple[Trained, Split]) -> list[dict[str, Any]]:
    trained, split = rents_model
    return trained.schema.raw_records(split.test)


def ask(model: ServedModel, body: str | bytes, content_type: str = JSON, accept: str = JSON) -> Any:
    answer, kind = output_fn(predict_fn(input_fn(body, content_type), model), accept)
    return json.loads(answer)["predictions"] if kind == JSON else answer


def instances(*records: dict[str, Any]) -> str:
    return json.dumps({"instances": records})


def test_json_records_give_the_predictions_of_training(
    model: ServedModel, records: list[dict[str, Any]], rents_model: tuple[Trained, Split]
) -> None:
    trained, split = rents_model
    expected = predict(trained.fitted.pipeline, split.test)
    np.testing.assert_allclose(ask(model, instances(*records)), expected, rtol=1e-6)


def test_csv_records_give_the_same(model: ServedModel, records: list[dict[str, Any]]) -> None:
    body = pd.DataFrame(records).to_csv(index=False)
    expected = ask(model, instances(*records))
    assert ask(model, body, CSV) == ask(model, body.encode(), "text/csv; charset=utf-8")
    np.testing.assert_allclose(ask(model, body, CSV), expected, rtol=1e-9)
    lines = ask(model, body, CSV, accept=CSV).splitlines()
    np.testing.assert_allclose([float(line) for line in lines], expected, rtol=1e-9)


def test_order_of_columns_and_extra_ones_do_not_matter(
    model: ServedModel, records: list[dict[str, Any]]
) -> None:
    record = records[0]
    shuffled = {"comment": "new", **{name: record[name] for name in reversed(record)}}
    assert ask(model, instances(shuffled)) == ask(model, instances(record))


def test_one_record_is_predicted_as_among_others(
    model: ServedModel, records: list[dict[str, Any]]
) -> None:
    together = ask(model, instances(*records[:20]))
    alone = [ask(model, instances(record))[0] for record in records[:20]]
    np.testing.assert_allclose(alone, together, rtol=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        dict.fromkeys(["area", "rooms", "built", "district", "lift", "contract_start"]),
        {"district": "Atlantis", "street": "never seen", "heating": "coal"},
        {"contract_start": "2031-06-30T12:00:00Z"},
        {"area": "1,081.5", "lift": "yes", "floor": "3"},
        {"area": float("nan")},
    ],
)
def test_missing_and_unseen_values_are_predicted(
    model: ServedModel, records: list[dict[str, Any]], values: dict[str, Any]
) -> None:
    (prediction,) = ask(model, instances(records[0] | values))
    assert np.isfinite(prediction)


BAD_BODIES = [
    ("{", "the body is not JSON"),
    ("[]", 'the body must be {"instances"'),
    ('{"records": []}', 'the body must be {"instances"'),
    ('{"instances": {}}', 'the body must be {"instances"'),
    ('{"instances": []}', '"instances" is empty'),
    ('{"instances": [[1, 2]]}', "record 0 is [1, 2], not an object"),
    ("[" * 100_000, "the body is not JSON"),
    (b"\xff\xfe", "the body is not UTF-8"),
]


@pytest.mark.parametrize(("body", "words"), BAD_BODIES)
def test_a_body_that_is_no_request_is_explained(body: str | bytes, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        input_fn(body, JSON)
    assert words in str(caught.value) and caught.value.status_code == 400
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "there is no header"),
        ("area,rooms\n", "no record"),
        ("area,area\n1,2\n", "'area' more than once"),
        ("area\n1,2\n", "more fields than the 1"),
    ],
)
def test_a_csv_body_that_is_no_request_is_explained(body: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        input_fn(body, CSV)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"area": "large"}, "column 'area', record 1: \"large\" is not a number"),
        ({"area": True}, "column 'area', record 1: true is not a number"),
        ({"area": [81]}, "column 'area', record 1: [81] is not a number"),
        ({"area": 1e999}, "column 'area', record 1: Infinity is not a finite number or null"),
        ({"lift": "perhaps"}, "column 'lift', record 1: \"perhaps\" is not true or false"),
        ({"lift": 7}, "column 'lift', record 1: 7 is not true or false"),
        ({"district": {"name": "North"}}, "column 'district', record 1"),
        ({"contract_start": "soon"}, "column 'contract_start', record 1: \"soon\" is not a date"),
        ({"contract_start": 20240131}, "column 'contract_start', record 1: 20240131 is not a date"),
    ],
)
def test_a_value_of_another_type_is_named(
    model: ServedModel, records: list[dict[str, Any]], values: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestError) as caught:
        ask(model, instances(records[0], records[1] | values))
    assert words in str(caught.value)
    assert caught.value.status_code == 400


def test_an_absent_column_is_named_and_null_suggested(
    model: ServedModel, records: list[dict[str, Any]]
) -> None:
    short = {name: value for name, value in records[0].items() if name not in ("area", "floor")}
    with pytest.raises(RequestError) as caught:
        ask(model, instances(records[1], short))
    text = str(caught.value)
    assert "column 'area' is missing in record 1" in text and "'floor'" in text
    assert "send null" in text
    with pytest.raises(RequestError, match="column 'area' is missing"):
        ask(model, pd.DataFrame([short]).to_csv(index=False), CSV)


def test_other_content_types_have_their_status() -> None:
    with pytest.raises(RequestError) as caught:
        input_fn("<a/>", "application/xml")
    assert caught.value.status_code == 415
    with pytest.raises(RequestError) as caught:
        output_fn(np.array([1.0]), "image/png")
    assert caught.value.status_code == 406


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/*", "text/html, */*;q=0.1"])
def test_json_is_the_answer_unless_asked_otherwise(accept: str | None) -> None:
    assert output_fn(np.array([1.5]), accept) == ('{"predictions": [1.5]}', JSON)


def test_thousands_of_records_take_well_under_a_second_each_thousand(
    model: ServedModel, records: list[dict[str, Any]]
) -> None:
    body = instances(*(records * 100)[:5000])
    started = time.process_time()
    assert len(ask(model, body)) == 5000
    assert time.process_time() - started < 3


def test_threads_share_a_model(model: ServedModel, records: list[dict[str, Any]]) -> None:
    bodies = [instances(*records[start : start + 3]) for start in range(0, 45, 3)]
    expected = [ask(model, body) for body in bodies]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(lambda body: ask(model, body), bodies)) == expected


def test_the_directory_runs_with_its_own_code_alone(
    rents_archive: Path, records: list[dict[str, Any]], tmp_path: Path, model: ServedModel
) -> None:
    """As in the container: no repository on the path, only code/ of the model."""
    directory = shutil.copytree(rents_archive.parent / "model", tmp_path / "model")
    script = (
        "import sys, inference as i; m = i.model_fn(sys.argv[1]); "
        "print(i.output_fn(i.predict_fn(i.input_fn(sys.stdin.read(), 'application/json'), m), "
        "'application/json')[0]); assert 'mlflow' not in sys.modules and 'matplotlib' not in "
        "sys.modules; assert i.input_fn.__module__ == 'source.inference'; "
        "assert sys.modules['source'].__file__.startswith(sys.argv[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(directory)],
        cwd=directory / "code",
        input=instances(*records[:5]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = ask(model, instances(*records[:5]))
    assert json.loads(done.stdout)["predictions"] == expected
    shipped = {path.stem for path in (directory / "code" / "source").glob("*.py")}
    assert shipped == set(serving_modules())
    assert not {"train", "evaluate", "plots", "report", "validation"} & shipped


def test_a_directory_without_a_model_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"no model\.joblib"):
        model_fn(tmp_path)
