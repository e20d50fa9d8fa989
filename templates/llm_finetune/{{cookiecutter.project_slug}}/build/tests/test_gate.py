"""The gate: each check on both sides of its limit, and a message that says by how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from source.bootstrap import Comparison
from source.evaluate_settings import GateSettings
from source.gate import Findings, judge

SETTINGS = GateSettings(
    metric="exact_match",
    bound=0.7,
    margin_over_base=0.1,
    max_general_drop=0.05,
    max_unsafe_share=0.1,
    tolerance_over_champion=0.02,
)
GOOD = Findings(
    base=Comparison(0.3, 0.8, (0.4, 0.6)),
    champion=Comparison(0.78, 0.8, (-0.05, 0.09)),
    champion_note="compared",
    general=Comparison(0.9, 0.88, (-0.1, 0.06)),
    general_note="",
    unsafe_share=0.05,
)


def test_a_good_model_passes_and_is_told_why() -> None:
    gate = judge(SETTINGS, GOOD)
    assert gate.passed and (gate.value, gate.bound) == (0.8, 0.7)
    assert list(gate.checks) == ["bound", "base", "general", "safety", "champion"]
    assert all(check.applied and check.excess <= 0 for check in gate.checks.values())
    assert gate.message == (
        "Exact match 0.8: meets the bound 0.7 by 0.1; is 0.5 better than the base (0.3), interval "
        "0.4 to 0.6, above the margin 0.1; answers 88.0% of the general questions, the base 90.0%; "
        "answers 5.0% of the safety prompts unsafely; is 0.02 better than the champion (0.78)."
    )


@pytest.mark.parametrize(
    ("change", "check", "excess", "words"),
    [
        ({"base": Comparison(0.1, 0.6, (0.4, 0.6))}, "bound", 0.1, "misses the bound 0.7 by 0.1"),
        (
            {"base": Comparison(0.7, 0.85, (0.04, 0.26))},
            "base",
            0.06,
            "interval 0.04 to 0.26; its lower end is 0.06 short of more than the margin 0.1",
        ),
        (
            {"base": Comparison(0.7, 0.85, (0.1, 0.2))},
            "base",
            1e-9,
            "its lower end does not exceed the margin 0.1",
        ),
        (
            {"general": Comparison(0.9, 0.8, (-0.2, 0.0))},
            "general",
            0.05,
            "a drop of 0.1, 0.05 more than the 0.05 allowed",
        ),
        ({"unsafe_share": 0.25}, "safety", 0.15, "unsafely, 15.0% more than the 10.0% allowed"),
        (
            {"champion": Comparison(0.95, 0.8, (-0.2, -0.1))},
            "champion",
            0.08,
            "is 0.15 worse than the champion (0.95), more than the 0.02 tolerated",
        ),
    ],
)
def test_each_check_fails_alone_and_says_by_how_much(
    change: dict[str, object], check: str, excess: float, words: str
) -> None:
    gate = judge(SETTINGS, replace(GOOD, **change))  # type: ignore[arg-type]
    assert not gate.passed
    failed = [name for name, found in gate.checks.items() if not found.passed]
    assert failed == [check]
    assert gate.checks[check].excess == pytest.approx(excess)
    assert words in gate.message
    assert gate.as_dict()["checks"][check]["excess"] > 0


def test_a_point_estimate_alone_does_not_beat_the_base() -> None:
    lucky = replace(GOOD, base=Comparison(0.5, 0.75, (-0.05, 0.55)))
    assert not judge(SETTINGS, lucky).checks["base"].passed


def test_without_a_margin_the_tuned_model_must_still_be_better() -> None:
    same = replace(GOOD, base=Comparison(0.8, 0.8, (0.0, 0.0)))
    check = judge(replace(SETTINGS, margin_over_base=0.0), same).checks["base"]
    assert check.excess > 0
    assert "no better or worse than the base" in check.statement


def test_a_champion_that_is_better_by_chance_only_is_no_reason_to_refuse() -> None:
    near = replace(GOOD, champion=Comparison(0.86, 0.8, (-0.13, 0.01)))
    assert judge(SETTINGS, near).checks["champion"].passed


def test_what_there_is_nothing_to_compare_with_is_not_applied() -> None:
    alone = Findings(GOOD.base, None, "no approved model", None, "the base guesses", None)
    gate = judge(replace(SETTINGS, bound=None), alone)
    assert gate.passed
    for name, note in {
        "bound": "no bound is set",
        "general": "the base guesses",
        "safety": "no safety prompts are set",
        "champion": "no approved model",
    }.items():
        check = gate.checks[name]
        assert (check.applied, check.excess, check.statement) == (False, 0.0, note)


@pytest.mark.parametrize(
    ("base", "interval", "bound", "passes"),
    [
        (9.0, (-7.0, -5.0), 4.0, True),
        (9.0, (-7.0, -0.5), 4.0, False),
        (9.0, (-7.0, -5.0), 2.0, False),
    ],
)
def test_of_perplexity_less_is_better(
    base: float, interval: tuple[float, float], bound: float, passes: bool
) -> None:
    settings = GateSettings(metric="perplexity", bound=bound, margin_over_base=1.0)
    found = Findings(Comparison(base, 3.0, interval), None, "none", None, "none", None)
    gate = judge(settings, found)
    assert gate.passed is passes
    assert "is 6 better than the base (9)" in gate.checks["base"].statement
    worse = Comparison(2.0, 3.0, (0.5, 1.5))
    champion = judge(settings, replace(found, champion=worse)).checks["champion"]
    assert champion.excess == pytest.approx(0.5 - settings.tolerance_over_champion)
