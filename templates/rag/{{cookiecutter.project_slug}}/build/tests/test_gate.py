"""The gate: each check, and a message that says by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from source.evaluate_settings import EvaluateSettings, GateSettings, gate_settings
from source.gate import Difference, Findings, judge
from source.settings import SettingsError

SETTINGS = GateSettings("recall_at_5", 0.8, max_latency_ms=200)
GOOD = Findings(
    value=0.9,
    ways={
        "bm25": Difference(0.85, 0.05, (0.01, 0.09)),
        "dense": Difference(0.91, -0.01, (-0.03, 0.01)),
    },
    champion=Difference(0.89, 0.01, (-0.02, 0.04)),
    champion_note="compared",
    answered=0.95,
    citation_correct=1.0,
    refusal=0.8,
    latency_ms=120.0,
)


def test_a_good_index_passes_and_the_message_says_why() -> None:
    gate = judge(SETTINGS, GOOD)
    assert gate.passed and all(check.excess <= 0 for check in gate.checks.values())
    assert list(gate.checks) == ["bound", "bm25", "dense", "answers", "champion", "latency"]
    assert gate.message.startswith("Recall@5 0.9: meets the bound 0.8 by 0.1; ")
    assert "0.05 better than BM25 alone (0.85)" in gate.message


@pytest.mark.parametrize(
    ("change", "failing", "excess", "said"),
    [
        ({"value": 0.75}, "bound", 0.05, "misses the bound 0.8 by 0.05"),
        (
            {"ways": {"bm25": Difference(0.95, -0.05, (-0.08, -0.03))}},
            "bm25",
            0.01,
            "0.05 worse than BM25 alone (0.95), surely 0.01 more than the 0.02 tolerated",
        ),
        (
            {"ways": {"dense": Difference(1.0, -0.1, (-0.2, -0.05))}},
            "dense",
            0.03,
            "0.1 worse than dense alone (1)",
        ),
        (
            {"citation_correct": 0.7},
            "answers",
            0.2,
            "70.0% of the citations are correct, 20.0% short of 90.0%",
        ),
        ({"refusal": 0.2}, "answers", 0.5, "20.0% of the unanswerable questions are refused"),
        ({"answered": 0.0, "citation_correct": None}, "answers", 0.6, "0.0% of the answerable"),
        (
            {"champion": Difference(0.99, -0.09, (-0.14, -0.05))},
            "champion",
            0.03,
            "0.09 worse than the champion (0.99), surely 0.03 more than the 0.02 tolerated",
        ),
        ({"latency_ms": 260.0}, "latency", 60.0, "take up to 260 ms, 60 ms over the limit"),
    ],
)
def test_each_check_fails_by_itself(
    change: dict[str, object], failing: str, excess: float, said: str
) -> None:
    gate = judge(SETTINGS, replace(GOOD, **change))  # type: ignore[arg-type]
    assert not gate.passed
    assert [name for name, check in gate.checks.items() if not check.passed] == [failing]
    assert gate.checks[failing].excess == pytest.approx(excess)
    assert said in gate.message and gate.message.endswith(".")


@pytest.mark.parametrize("what", ["champion", "bm25", "dense"])
def test_a_loss_that_may_be_chance_is_told_and_no_reason(what: str) -> None:
    unlucky = Difference(0.99, -0.09, (-0.2, 0.02))
    others = {"champion": unlucky} if what == "champion" else {"ways": {what: unlucky}}
    gate = judge(SETTINGS, replace(GOOD, **others))  # type: ignore[arg-type]
    assert gate.passed and gate.checks[what].applied
    assert "0.09 worse" in gate.message and "which may be chance" in gate.message


def test_what_cannot_be_compared_is_not_applied() -> None:
    bare = replace(GOOD, ways={}, champion=None, champion_note="none yet", refusal=None)
    gate = judge(replace(SETTINGS, bound=None, max_latency_ms=None), bare)
    applied = {name for name, check in gate.checks.items() if check.applied}
    assert gate.passed and applied == {"answers"}
    assert gate.checks["champion"].statement == "none yet"
    assert all(check.excess == 0 for name, check in gate.checks.items() if name not in applied)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"metric": "accuracy"}, "gate.metric: 'accuracy'"),
        ({"tolerance_to_single_ways": -0.1}, "gate.tolerance_to_single_ways"),
        ({"min_refusal": 2}, "gate.min_refusal"),
        ({"max_latency_ms": 0}, "gate.max_latency_ms"),
    ],
)
def test_settings_are_checked(values: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        gate_settings({"gate": values})


def test_the_bound_of_the_pipeline_counts() -> None:
    assert gate_settings({"gate": {"bound": 0.5}}, 0.7).bound == 0.7
    assert gate_settings({"gate": {"bound": 0.5}}).bound == 0.5
    with pytest.raises(SettingsError, match="validation_share"):
        EvaluateSettings(validation_share=1.0)
