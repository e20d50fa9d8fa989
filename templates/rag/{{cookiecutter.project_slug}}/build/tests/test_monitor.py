"""The job that watches what an endpoint is asked: what it measures, decides, writes and says."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from answer_package import DEPARTMENTS, SUBJECTS, built, copy_of_package
from moto import mock_aws

from source import monitor
from source.monitor_settings import MonitorSettings, monitor_settings
from source.monitor_window import Share
from source.settings import SettingsError

pytestmark = pytest.mark.xdist_group("answers")
UNTIL = datetime(2026, 3, 30, tzinfo=UTC)
FORMS = (
    "How are {} rules agreed on in {}?",
    "What do the {} rules of {} say?",
    "who reads out the {} rules of {}",
    "When were the {} rules of {} agreed on?",
    "Tell me about {} in {}",
    "Does {} have {} rules, and who speaks about them?",
    "spring meeting: {} rules, {} group",
    "How many {} are granted to the {} group?",
    "Is there a {} rule for members of {}?",
    "{} of the {} group",
    "Which {} belongs to {} since spring?",
    "Every year the {} rules of {}: who is the speaker?",
)
USUAL = [
    form.format(*((name, word) if form.startswith("Does") else (word, name)))
    for form in FORMS
    for name in DEPARTMENTS
    for _, word, _ in SUBJECTS
]
OTHER = [
    f"{start} {thing} {end}?"
    for start in ("How do I reset", "Why does", "Where is", "Can I replace")
    for thing in ("the printer", "my laptop", "the router", "a monitor", "the headset")
    for end in ("on floor two", "after an update", "without the password", "from home", "today")
]


def line(request: dict[str, Any], response: dict[str, Any], at: datetime) -> str:
    """One exchange as SageMaker captures it."""
    sides = {
        side: {"data": json.dumps(document), "encoding": "JSON"}
        for side, document in (("endpointInput", request), ("endpointOutput", response))
    }
    about = {"inferenceTime": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return json.dumps({"captureData": sides, "eventMetadata": about, "eventVersion": "0"})


def asked(
    questions: Iterable[str],
    *,
    days: tuple[float, float],
    refused: float = 0.1,
    empty: float = 0.0,
    labels: Sequence[str] = (),
) -> list[str]:
    """Questions asked so many days before `UNTIL`; shares of them end otherwise."""
    found = []
    texts = list(questions)
    for number, question in enumerate(texts):
        place = number / max(1, len(texts))
        response = {
            "trace_id": f"tr-{number:032x}",
            "passages": [] if place < empty else [{"document": "a.md"}],
            "refused": place < refused or place < empty,
            "citations": [],
        }
        at = UNTIL - timedelta(days=days[0] + (days[1] - days[0]) * (number + 0.5) / len(texts))
        found.append(line({"question": question, "labels": list(labels)}, response, at))
    return found


def rated(count: int, down: float) -> list[str]:
    """Ratings of so many answers in the window."""
    found = []
    for number in range(count):
        rating = "down" if number < count * down else "up"
        given = {"trace_id": f"tr-{number:032x}", "rating": rating, "comment": ""}
        at = UNTIL - timedelta(days=1)
        found.append(line({"feedback": given}, {"recorded": True}, at))
    return found


def usual(seed: int = 0) -> tuple[list[str], list[str]]:
    """The usual questions, dealt to the window and to the days before."""
    dealt = random.Random(seed).sample(USUAL, len(USUAL))
    return dealt[:120], dealt[120:]


def both(window: Sequence[str], before: Sequence[str], **how: Any) -> list[str]:
    """Exchanges of the window and of the four weeks before it."""
    return [*asked(before, days=(8, 34)), *asked(window, days=(0, 7), **how)]


def watch(folder: Path, lines: Iterable[str], *arguments: str, **section: Any) -> dict[str, Any]:
    """Run the job on captured lines; monitor.json, whether or not it failed."""
    capture = folder / "capture/e/main/2026/03/29/10"
    capture.mkdir(parents=True, exist_ok=True)
    (capture / "x.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"monitor": section}), encoding="utf-8")
    given = {
        "package": built() / "package",
        "capture": folder / "capture",
        "output": folder / "out",
        "settings": settings,
        "until": UNTIL.isoformat(),
    }
    try:
        monitor.main([*(f"--{name}={value}" for name, value in given.items()), *arguments])
    except SystemExit as end:
        assert end.code == 1
    return dict(json.loads((folder / "out/monitor.json").read_text(encoding="utf-8")))


def exceeded(document: dict[str, Any]) -> list[str]:
    return [name for name, check in document["checks"].items() if check["excess"] > 0]


def test_windows_like_those_before_rarely_alarm(tmp_path: Path) -> None:
    """Twelve weeks of the same kind of questions, none of which may wake anybody."""
    for seed in range(12):
        lines = [*both(*usual(seed)), *rated(40, 0.2)]
        (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
        found = monitor.watch(built() / "package", str(tmp_path), UNTIL, MonitorSettings())
        assert found.passed and found.decided, found.message
        assert all(check.applied for check in found.checks.values())
        assert found.drift is not None and 0.35 < found.drift.found.auc < 0.6


def test_other_questions_are_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window, before = usual()
    found = watch(tmp_path, both([*window[:60], *OTHER], before))
    assert not found["passed"] and exceeded(found) == ["drift", "unknown_words"]
    assert found["drift"]["p_value"] <= 0.01 and found["drift"]["auc"] > 0.65
    assert set(found["drift"]["unlike"][:10]) <= set(OTHER)
    assert set(found["unknown_words"]) >= {"printer", "laptop", "router"}
    said = capsys.readouterr()
    assert "drift          EXCEEDED" in said.out and "empty          ok" in said.out
    assert "error: questions can be told from those of the 28 days before" in said.err


@pytest.mark.parametrize(
    ("how", "name"),
    [({"empty": 0.3}, "empty"), ({"refused": 0.8}, "refused")],
)
def test_a_share_over_its_bound_is_named(how: dict[str, float], name: str, tmp_path: Path) -> None:
    found = watch(tmp_path, both(*usual(), **how))
    assert exceeded(found) == [name]
    share = found["shares"][name]
    low, high = share["interval"]
    assert low < share["value"] < high and found["checks"][name]["excess"] > 0
    assert f"the bound is {found['checks'][name]['limit']:.0%}" in found["message"]


def test_a_share_near_its_bound_alarms_nobody(tmp_path: Path) -> None:
    found = watch(tmp_path, both(*usual(), refused=0.55))
    assert found["shares"]["refused"]["value"] == pytest.approx(0.55) and found["passed"]


def test_the_same_question_again_and_again_decides_nothing(tmp_path: Path) -> None:
    """A load test, or one stubborn person: half of the traffic is one refused question."""
    window, before = usual()
    stubborn = asked([OTHER[0]] * 150, days=(0, 1), refused=1.0)
    found = watch(tmp_path, [*both(window, before), *stubborn])
    assert found["shares"]["refused"]["value"] > 0.5
    assert found["passed"] and found["window"]["distinct_questions"] == 121


def test_answers_rated_down_are_counted(tmp_path: Path) -> None:
    lines = both(*usual())
    found = watch(tmp_path, [*lines, *rated(40, 0.9)])
    assert exceeded(found) == ["disliked"] and found["window"]["ratings"] == 40
    few = watch(tmp_path, [*lines, *rated(15, 1.0)])
    assert few["passed"] and "fewer than 20 answers" in few["checks"]["disliked"]["statement"]


def test_too_few_questions_decide_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = watch(tmp_path, both(OTHER[:30], USUAL, refused=1.0, empty=1.0))
    assert found["passed"] and not found["decided"] and found["drift"] is None
    assert not any(check["applied"] for check in found["checks"].values())
    said = capsys.readouterr().out
    assert "30 different questions were captured, 100 are needed: too few to decide" in said
    assert "Not decided" in (tmp_path / "out/report.html").read_text(encoding="utf-8")


def test_nothing_captured_decides_nothing(tmp_path: Path) -> None:
    found = watch(tmp_path, [])
    assert found["passed"] and not found["decided"] and found["shares"] == {}


def test_without_days_before_there_is_no_drift_to_judge(tmp_path: Path) -> None:
    found = watch(tmp_path, both(usual()[0], USUAL[:20]))
    assert found["decided"] and found["drift"] is None and found["passed"]
    statement = found["checks"]["drift"]["statement"]
    assert "those of the 28 days before are 20, 100 are needed" in statement


def test_the_questions_of_the_evaluation_can_be_the_reference(tmp_path: Path) -> None:
    lines = asked([*OTHER[:40], *OTHER[50:90]], days=(0, 7))
    found = watch(tmp_path, lines, reference="evaluated", min_questions=40, max_unknown_words=None)
    assert found["reference"] == {
        "name": "the reviewed questions of the evaluation",
        # 38 were not enough: what a file has, it has reviewed.
        "questions": 38,
    }
    assert found["drift"] is None


def test_bounds_can_be_left_out(tmp_path: Path) -> None:
    none = dict.fromkeys(("max_drift", "max_unknown_words", "max_empty", "max_refused"))
    found = watch(tmp_path, both(OTHER + OTHER[:10], USUAL, refused=1.0, empty=1.0), **none)
    assert found["passed"] and found["drift"]["auc"] > 0.9
    assert found["checks"]["drift"]["statement"].endswith("there is no bound")


def test_only_the_days_of_the_windows_count(tmp_path: Path) -> None:
    lines = both(*usual())
    later = asked(OTHER, days=(-3, -1), refused=1.0)
    long_ago = asked(OTHER, days=(40, 60), refused=1.0)
    found = watch(tmp_path, [*long_ago, *lines, *later])
    assert found["window"]["questions"] == 120 and found["passed"]


def test_labels_are_reported_apart_and_times_where_they_are_known(tmp_path: Path) -> None:
    window, before = usual()
    lines = [
        *asked(before, days=(8, 34)),
        *asked(window[:80], days=(0, 7), labels=["public"], refused=0.0),
        *asked(window[80:], days=(0, 7), labels=["public", "board"], refused=0.5),
    ]
    timed = json.loads(lines[-1])
    timed["eventMetadata"]["seconds"] = {"retrieval": 0.25, "generation": 0.5}
    found = watch(tmp_path, [*lines[:-1], json.dumps(timed), "{broken", '{"captureData": 3}'])
    assert found["labels"] == [
        {"labels": ["public"], "questions": 80, "empty": 0.0, "refused": 0.0},
        {"labels": ["board", "public"], "questions": 40, "empty": 0.0, "refused": 0.5},
    ]
    assert found["milliseconds"]["retrieval"] == {"p50": 250.0, "p95": 250.0}
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "By labels" in page and "<h2>Latency</h2>" in page


def test_the_report_is_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    window, before = usual()
    evil = "<script>alert('printer')</script> why?"
    watch(tmp_path, both([evil, *window], before))
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert page.count('src="data:image/png;base64,') == 3
    assert not re.search(r'(src|href)="(?!data:)', page) and "In bounds" in page


def test_a_copy_goes_to_s3_even_when_the_job_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="reports")
        lines = both(*usual(), refused=0.9)
        found = watch(tmp_path, lines, "--report=s3://reports/monitoring/ships")
        base = "monitoring/ships/2026-03-30T00-00"
        kept = client.get_object(Bucket="reports", Key=f"{base}/monitor.json")
        assert json.loads(kept["Body"].read()) == found and not found["passed"]
        page = client.get_object(Bucket="reports", Key=f"{base}/report.html")
        assert page["ContentType"].startswith("text/html")
    assert f"report: s3://reports/{base}" in capsys.readouterr().err


def test_the_package_brings_bounds_of_its_own(tmp_path: Path) -> None:
    """Without --settings, as the job in the cloud runs it."""
    package = copy_of_package(tmp_path)
    assert "monitor" in json.loads((package / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "empty").mkdir()
    given = [f"--capture={tmp_path / 'empty'}", f"--output={tmp_path / 'out'}"]
    monitor.main([f"--package={package}", *given])
    assert (tmp_path / "out/report.html").is_file()


def test_the_code_in_the_package_runs_the_job(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    package = copy_of_package(tmp_path)
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-m", "source.monitor", f"--package={package}"]
    done = subprocess.run(
        [*command, f"--capture={tmp_path / 'empty'}", f"--output={tmp_path / 'out'}"],
        cwd=package / "code",
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "0 questions (0 different)" in done.stdout


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"reference": "yesterday"}, "monitor.reference: 'yesterday'; use earlier or evaluated"),
        ({"min_questions": 10}, "monitor.min_questions: 10; use 40 or more"),
        ({"max_drift": 0.4}, "monitor.max_drift: 0.4; use 0.5 to 1"),
        ({"max_empty": 2}, "monitor.max_empty: 2; use 0 to 1"),
        ({"significance": 0}, "monitor.significance: 0; use 0.001"),
        ({"confidence": 1}, "monitor.confidence: 1; use 0.5"),
        ({"bound": 1}, "monitor: unknown ['bound']"),
    ],
)
def test_settings_that_make_no_sense_are_refused(section: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        monitor_settings({"monitor": section})
    assert said in str(error.value)


def test_intervals_of_shares_are_wilson_s() -> None:
    assert MonitorSettings().confidence == 0.95
    share = Share.of([True] * 10 + [False] * 90, 0.95)
    assert share.interval == pytest.approx((0.0552, 0.1744), abs=1e-4)
    low, high = Share.of([False] * 50, 0.95).interval
    assert low == 0 and high == pytest.approx(0.0713, abs=1e-4)
    # The same question a hundred times says what it says once.
    again = Share.of([True] * 100, 0.95, ["why?"] * 100)
    assert again.interval == pytest.approx(Share.of([True], 0.95).interval)
