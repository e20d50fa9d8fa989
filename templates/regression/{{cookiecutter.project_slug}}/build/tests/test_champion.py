"""The approved model is asked as the endpoint would, and one that cannot answer blocks nothing."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables import pack

from source.candidates import predict
from source.champion import Champion, ask_champion
from source.evaluation import Evaluation, TestSplit, evaluate
from source.report import render
from source.sections import GateSettings
from source.splitting import Split
from source.synthetic import TARGET
from source.training import Trained

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/rents/1"


@pytest.fixture
def champion(tmp_path: Path, rents_model: tuple[Trained, Split]) -> Path:
    """A champion's directory, as the pipeline finds it."""
    pack(rents_model[0], tmp_path)
    (tmp_path / "champion.json").write_text(json.dumps({"model_package_arn": ARN}))
    return tmp_path


@pytest.fixture
def records(rents_model: tuple[Trained, Split]) -> list[dict[str, Any]]:
    trained, split = rents_model
    return trained.schema.raw_records(split.test)


def repack(directory: Path) -> None:
    with tarfile.open(directory / "model.tar.gz", "w:gz") as tar:
        for path in sorted((directory / "model").iterdir()):
            tar.add(path, path.name)


def judged(rents_model: tuple[Trained, Split], champion: Champion) -> Evaluation:
    trained, split = rents_model
    return evaluate(
        trained.fitted.pipeline,
        trained.schema,
        trained.metadata(),
        TestSplit(split.train, split.test),
        champion,
        GateSettings(),
    )


def test_it_answers_with_the_code_of_its_own_archive(
    champion: Path, records: list[dict[str, Any]], rents_model: tuple[Trained, Split]
) -> None:
    # What `source` of this repository would predict does not matter to the champion.
    features = champion / "model" / "code" / "source" / "inference.py"
    text = features.read_text()
    assert "return predictions\n" in text
    features.write_text(text.replace("return predictions\n", "return predictions - 1000.0\n"))
    repack(champion)
    answer = ask_champion(champion, records, TARGET)
    assert answer.arn == ARN and answer.predictions is not None
    trained, split = rents_model
    expected = predict(trained.fitted.pipeline, split.test) - 1000
    np.testing.assert_allclose(answer.predictions, expected, rtol=1e-6)
    evaluation = judged(rents_model, answer)
    described = evaluation.document()["champion"]
    assert described["compared"] is True and described["model_package_arn"] == ARN
    assert described["rmse"] > 900
    check = evaluation.gate.checks["champion"]
    assert check.applied and check.excess < 0


def test_a_better_champion_fails_the_gate(rents_model: tuple[Trained, Split]) -> None:
    trained, split = rents_model
    actual = split.test[TARGET].to_numpy()
    predicted = predict(trained.fitted.pipeline, split.test)
    oracle = Champion(ARN, actual + 0.3 * (predicted - actual), "compared")
    evaluation = judged(rents_model, oracle)
    assert not evaluation.gate.passed
    assert "worse than the champion" in evaluation.gate.message


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        ("column", "column 'balcony' is missing"),
        ("target", "it predicts 'price', this model 'rent'"),
        ("archive", "cannot be unpacked"),
        ("gone", "cannot be unpacked"),
        ("code", "No module named 'inference'"),
    ],
)
def test_one_that_cannot_answer_is_reported(
    champion: Path, records: list[dict[str, Any]], defect: str, words: str
) -> None:
    model, archive = champion / "model", champion / "model.tar.gz"
    entry, metadata = model / "code" / "inference.py", model / "metadata.json"
    if defect == "archive":
        archive.write_bytes(b"not an archive")
    elif defect == "gone":
        archive.unlink()
    else:
        if defect == "code":
            entry.unlink()
        if defect == "target":
            metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "target": "price"}))
        if defect == "column":
            raises = "    raise ValueError(\"column 'balcony' is missing in record 0\")\n"
            entry.write_text(entry.read_text() + "\ndef predict_fn(data, model):\n" + raises)
        repack(champion)
    answer = ask_champion(champion, records, TARGET)
    assert answer.exists and answer.predictions is None
    assert answer.note.startswith("the champion cannot be compared: ") and words in answer.note


def test_one_that_cannot_answer_blocks_nothing(rents_model: tuple[Trained, Split]) -> None:
    note = "the champion cannot be compared: column 'balcony' is missing"
    evaluation = judged(rents_model, Champion(ARN, None, note))
    described = evaluation.document()["champion"]
    assert described == {"model_package_arn": ARN, "compared": False, "note": note}
    check = evaluation.gate.checks["champion"]
    assert (check.applied, check.excess, check.statement) == (False, 0.0, note)
    assert evaluation.gate.passed
    page = render(evaluation, {}, "Rents")
    assert "cannot be compared" in page and ARN in page


@pytest.mark.parametrize("content", ['{"model_package_arn": null}', "{}", None])
def test_without_an_approved_model_there_is_no_champion(
    tmp_path: Path, records: list[dict[str, Any]], content: str | None
) -> None:
    if content is not None:
        (tmp_path / "champion.json").write_text(content)
    answer = ask_champion(tmp_path, records, TARGET)
    assert not answer.exists and answer.predictions is None


def test_an_archive_cannot_write_outside_of_its_folder(
    champion: Path, records: list[dict[str, Any]], tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    with tarfile.open(champion / "model.tar.gz", "w:gz") as tar:
        tar.add(outside, "../../outside.txt")
    answer = ask_champion(champion, records, TARGET)
    assert answer.predictions is None and "cannot be unpacked" in answer.note
