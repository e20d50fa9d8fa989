"""The files of an evaluation, its verdict on a page, and the champion that it is held against."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from source.champion_folder import champion_arn, folder_with
from source.evaluation_record import write_evaluation
from source.verdict import Check, Gate
from source.verdict_page import gate_banner, gate_checks

GATE = Gate(
    metric="score",
    bound=0.5,
    value=0.4,
    passed=False,
    message="score 0.4 misses <0.5>",
    checks={
        "bound": Check(True, 0.4, 0.5, 0.1, "0.4 is below 0.5"),
        "champion": Check(False, 0.4, None, 0.0, "there is none"),
    },
)


def test_every_file_is_written(tmp_path: Path) -> None:
    write_evaluation(tmp_path, "<h1>ü</h1>", {"curve": b"png"}, {"evaluation.json": {"a": "ü"}})
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "<h1>ü</h1>"
    assert (tmp_path / "plots/curve.png").read_bytes() == b"png"
    assert json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8")) == {"a": "ü"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_cannot_say_is_refused(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_evaluation(tmp_path, "", {}, {"evaluation.json": {"value": value}})


def test_the_verdict_is_shown_with_each_check() -> None:
    assert "Quality gate: Not passed" in gate_banner(GATE)
    assert "misses &lt;0.5&gt;" in gate_banner(GATE)
    names = {"bound": "Absolute bound", "champion": "Not worse"}
    page = gate_checks(GATE, names, "Chance counts.", words="The model")
    assert "✗ fails" in page and "not applied" in page
    assert "above 0 fails. Chance counts." in page
    assert page.count(">0.4<") == 1, "the figure of a check that is not applied says nothing"


@pytest.mark.parametrize(
    ("content", "arn"),
    [('{"model_package_arn": "arn:x"}', "arn:x"), ('{"model_package_arn": null}', None)],
)
def test_the_champion_is_named_or_there_is_none(
    content: str, arn: str | None, tmp_path: Path
) -> None:
    assert champion_arn(tmp_path) is None
    (tmp_path / "champion.json").write_text(content, encoding="utf-8")
    assert champion_arn(tmp_path) == arn


def test_the_champions_files_are_beside_its_name_or_in_a_folder(tmp_path: Path) -> None:
    assert folder_with(tmp_path, "config.json") is None
    (tmp_path / "package").mkdir()
    (tmp_path / "package/config.json").write_text("{}", encoding="utf-8")
    assert folder_with(tmp_path, "config.json") == tmp_path / "package"
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    assert folder_with(tmp_path, "config.json") == tmp_path
