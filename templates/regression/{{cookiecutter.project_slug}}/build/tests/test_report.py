"""The report: complete, self-contained, and never executing what stands in the data."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import QUICK, typed, without

from source.champion import Champion
from source.evaluate import draw
from source.evaluation import Evaluation, TestSplit, evaluate
from source.report import render
from source.sections import GateSettings, SplitSettings, TrainSettings
from source.splitting import split_rows
from source.training import train

EVIL = "<script>alert('x')</script>\" onload=\"$a_b$ & ü 列"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """The elements, attributes and text of a page; fails on elements that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def evaluated(frame: pd.DataFrame, settings: TrainSettings, **keys: Any) -> Evaluation:
    target = keys.pop("target", "y")
    rows, schema = typed(frame, target)
    split = split_rows(rows, schema, SplitSettings())
    trained = train(split.train, split.validation, schema, settings)
    return evaluate(
        trained.fitted.pipeline,
        schema,
        trained.metadata(),
        TestSplit(split.train, split.test),
        Champion(None, None, "there is no approved model to compare with"),
        GateSettings(bound=5.0),
        **keys,
    )


@pytest.fixture(scope="module")
def hostile() -> Evaluation:
    """Column names, labels, target and unit that try to be markup."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({EVIL: random.normal(size=150), "label": [EVIL, "b", "c"] * 50})
    frame[f"target {EVIL}"] = frame[EVIL] + random.normal(size=150)
    return evaluated(frame, QUICK, target=f"target {EVIL}", segment_by=("label",), unit=EVIL)


def test_values_of_the_data_are_text_and_nothing_else(hostile: Evaluation) -> None:
    text = render(hostile, draw(hostile), EVIL)
    page = Page(text)
    assert "script" not in page.tags and page.handlers == []
    assert "<script" not in text.lower()
    assert page.text.count("<script>alert('x')</script>") >= 6


def test_the_page_needs_nothing_else(hostile: Evaluation) -> None:
    text = render(hostile, draw(hostile), "Rents")
    page = Page(text)
    assert {"link", "iframe", "script", "base", "form"}.isdisjoint(page.tags)
    assert len(page.links) == page.tags.count("img") == 6
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "url(" not in text and "@import" not in text
    assert 'name="viewport"' in text


def test_the_verdict_comes_first_and_every_section_is_there(hostile: Evaluation) -> None:
    page = Page(render(hostile, draw(hostile), "Rents"))
    headings = [
        "Quality gate: Passed",
        "Test results",
        "How the model was chosen",
        "What matters",
        "Error by segment",
        "Worst predictions",
        "About the model",
    ]
    places = [page.text.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "meets the bound 5 by" in page.text
    for label in ("Linear (ridge)", "Gradient boosting (XGBoost)", "Mean of the training rows"):
        assert label in page.text


@pytest.mark.parametrize("candidates", ["mean alone", "linear alone", "log target"])
def test_every_kind_of_winner_can_be_drawn_and_described(candidates: str) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"x": random.normal(size=200), "when": pd.date_range("2024", periods=200)})
    frame["y"] = random.normal(size=200)
    settings = without(QUICK, "xgboost")
    if candidates == "linear alone":
        frame["y"] += 3 * frame["x"]
    if candidates == "log target":
        frame["y"] = np.exp(2 * frame["x"] + 0.1 * frame["y"])
        settings = without(QUICK, "linear")
    evaluation = evaluated(frame, settings)
    expected = {"mean alone": "mean", "linear alone": "linear", "log target": "xgboost_log"}
    assert evaluation.metadata["candidate"]["name"] == expected[candidates]
    drawn = draw(evaluation)
    assert ("importance" in drawn) == (candidates != "mean alone")
    assert ("learning_curve" in drawn) == (candidates == "log target")
    assert evaluation.model_label in Page(render(evaluation, drawn, "Test")).text


def test_importance_finds_the_columns_that_matter() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(400, 3)), columns=["strong", "weak", "noise"])
    frame["colour"] = random.choice(["red", "blue"], size=400)
    frame["y"] = 5 * frame["strong"] + frame["weak"] + 2 * (frame["colour"] == "red")
    frame["y"] += 0.1 * random.normal(size=400)
    for settings in (without(QUICK, "xgboost"), without(QUICK, "linear")):
        found = {entry.column: entry for entry in evaluated(frame, settings).importance}
        order = sorted(found, key=lambda name: -found[name].contribution)
        assert order[0] == "strong" and order[-1] == "noise"
        assert found["strong"].permutation is not None and found["noise"].permutation is not None
        assert found["strong"].permutation > 10 * abs(found["noise"].permutation)
    # In a linear model the mean |contribution| is known: 5 * E|z|, and 2 * 0.5 for the colour.
    linear = {e.column: e for e in evaluated(frame, without(QUICK, "xgboost")).importance}
    assert linear["strong"].contribution == pytest.approx(5 * np.sqrt(2 / np.pi), rel=0.2)
    assert linear["colour"].contribution == pytest.approx(1.0, rel=0.2)
