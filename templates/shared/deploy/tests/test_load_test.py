"""The load test: what it asks, how many at a time, what it counts, and when it fails."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_stand_in import AwsStandIn
from cloud_repository import ENDPOINT, GROUP, STACK, deployed, make_repository
from loopback_server import LoopbackHandler, LoopbackServer

from operations.__main__ import main
from operations.closed_loop import Exchange, Measured
from operations.load_report import Latency, LoadReport

SAMPLE = {
    "content_type": "application/json",
    "body": {"question": "How long?", "labels": ["all"], "stream": False},
    "expected": {},
}
LoadTest = Callable[..., tuple[int, str]]


class Asked(LoopbackServer):
    """A server on this machine that notes what it is asked; ``kind`` is how it answers."""

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.kind = "answered"
        self.bodies: list[dict] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def reply(self, body: bytes) -> tuple[int, bytes]:
        with self._lock:
            self.bodies.append(json.loads(body))
            number = len(self.bodies)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(0.05 if self.kind == "slow" else 0.002)
        with self._lock:
            self._at_once -= 1
        if self.kind == "busy" and number % 4 == 0:
            return 503, b'{"error": "try again later"}'
        if self.bodies[-1].get("stream"):
            last = b'{"type": "error", "error": "the model is gone"}'
            wrong = self.kind == "wrong in the stream" and number % 2 == 0
            return 200, b'data: {"text": "it"}\n\ndata: ' + (last if wrong else b"[DONE]") + b"\n\n"
        return 200, b'{"answer": "no error"}'


def _handler(asked: Asked) -> type[LoopbackHandler]:
    class Handler(LoopbackHandler):
        def do_POST(self) -> None:
            status, body = asked.reply(self.body())
            if asked.kind == "breaks off" and len(asked.bodies) == 3:
                return  # without an answer
            self.send(status, body)

    return Handler


@pytest.fixture
def server() -> Iterator[Asked]:
    with Asked() as asked:
        yield asked


@pytest.fixture
def load(
    tmp_path: Path,
    pytestconfig: pytest.Config,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> LoadTest:
    """Run the command as make does, in a repository; returns its exit code and all it wrote."""
    repository = make_repository(pytestconfig.rootpath, tmp_path)
    (repository / "sample.json").write_text(json.dumps(SAMPLE))

    def command(**variables: object) -> tuple[int, str]:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(repository)
            for name, value in variables.items():
                patch.setenv(name, str(value))
            try:
                code = main(["load"])
            except SystemExit as stopped:
                code = int(stopped.code or 0)
        return code, "".join(capfd.readouterr())

    return command


def test_as_many_as_asked_for_ask_at_the_same_time(load: LoadTest, server: Asked) -> None:
    code, output = load(URL=server.url, SAMPLE_REQUEST="sample.json", CONCURRENCY=3, REQUESTS=30)
    assert code == 0, output
    assert "30 requests, 3 at a time, in " in output and " answers a second" in output
    assert all(name in output for name in ("p50 ", "p95 ", "p99 ", "slowest "))
    assert len(server.bodies) == 31, "the first one is not measured"
    assert server.most_at_once == 3
    assert server.bodies[0] == SAMPLE["body"]


def test_it_ends_when_its_time_is_over(load: LoadTest, server: Asked) -> None:
    server.kind = "slow"
    start = time.perf_counter()
    code, output = load(URL=server.url, SAMPLE_REQUEST="sample.json", REQUESTS=10_000, DURATION=1)
    assert code == 0, output
    assert time.perf_counter() - start < 5
    assert 4 < len(server.bodies) < 200


def test_errors_are_counted_by_status_and_fail_the_test(load: LoadTest, server: Asked) -> None:
    server.kind = "busy"
    code, output = load(URL=server.url, SAMPLE_REQUEST="sample.json", REQUESTS=19, CONCURRENCY=1)
    assert code == 1
    assert "error 503: 5 (26.3%), such as" in output and "try again later" in output
    assert "5 of 19 requests failed" in output


def test_a_connection_that_breaks_is_an_error(load: LoadTest, server: Asked) -> None:
    server.kind = "breaks off"
    code, output = load(URL=server.url, SAMPLE_REQUEST="sample.json", REQUESTS=5, CONCURRENCY=1)
    assert code == 1
    assert "error no answer: 1 (20.0%), such as" in output


def test_a_bound_on_the_slow_answers_holds(load: LoadTest, server: Asked, tmp_path: Path) -> None:
    server.kind = "slow"
    variables = {"URL": server.url, "SAMPLE_REQUEST": "sample.json", "REQUESTS": 12}
    code, output = load(**variables, MAX_P95_MS=20, REPORT="load.json")
    assert code == 1 and "more than 20 ms" in output
    document = json.loads((tmp_path / "load.json").read_text())
    assert 50 < document["latency"]["p50"] <= document["latency"]["p95"]
    assert document["requests"] == 12 and document["errors"] == {}
    assert document["answers_per_second"] == pytest.approx(12 / document["seconds"])
    code, output = load(**variables, MAX_P95_MS=5000)
    assert code == 0, output


def test_a_file_of_questions_is_asked_in_turn(
    load: LoadTest, server: Asked, tmp_path: Path
) -> None:
    lines = [
        {"question": "How many?", "type": "question", "evidence": [], "reviewed": True},
        {"question": "Which?", "labels": ["some"]},
    ]
    (tmp_path / "q.jsonl").write_text("\n\n".join(map(json.dumps, lines)) + "\n")
    variables = {"URL": server.url, "SAMPLE_REQUEST": "sample.json", "CONCURRENCY": 1}
    code, output = load(**variables, REQUESTS=4, REQUESTS_FILE="q.jsonl")
    assert code == 0, output
    many = {"question": "How many?", "labels": ["all"], "stream": False}
    which = {"question": "Which?", "labels": ["some"], "stream": False}
    assert server.bodies == [many, many, which, many, which]


def test_a_stream_is_read_to_its_end(load: LoadTest, server: Asked, tmp_path: Path) -> None:
    sample = SAMPLE | {"body": {"question": "How?", "stream": True}}
    (tmp_path / "stream.json").write_text(json.dumps(sample))
    variables = {"URL": server.url, "SAMPLE_REQUEST": "stream.json", "REQUESTS": 4}
    code, output = load(**variables, CONCURRENCY=1)
    assert code == 0, output
    assert "first piece  p50 " in output
    server.kind, server.bodies = "wrong in the stream", []
    code, output = load(**variables, CONCURRENCY=1)
    assert code == 1
    assert "error error in a stream: 2 (50.0%)" in output and "the model is gone" in output


@pytest.mark.parametrize(
    ("variables", "code", "message"),
    [
        ({}, 2, "no stage given"),
        ({"URL": "127.0.0.1:1"}, 2, "URL is '127.0.0.1:1'"),
        ({"URL": "http://127.0.0.1:1"}, 2, "needs a request: SAMPLE_REQUEST="),
        ({"URL": "http://127.0.0.1:1", "SAMPLE_REQUEST": "sample.json"}, 1, "nothing answers at"),
        ({"CONCURRENCY": "0"}, 2, "'0' is no whole number from 1 to 256"),
        ({"REQUESTS": "many"}, 2, "'many' is no whole number"),
        ({"DURATION": "86400"}, 2, "'86400' is no whole number from 1 to 3600"),
        ({"MAX_P95_MS": "-1"}, 2, "'-1' is no number above 0"),
        ({"MAX_P95_MS": "nan"}, 2, "'nan' is no number above 0"),
        ({"STAGE": "prod"}, 2, "stages.prod.account_id"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    load: LoadTest, variables: dict[str, str], code: int, message: str
) -> None:
    found, output = load(**variables)
    assert found == code, output
    assert message in output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no request"),
        ("{", "line 1 is not JSON"),
        ('\n{"quesiton": "How?"}', "line 2 has none of the sample request's question, labels"),
    ],
)
def test_a_file_of_requests_that_makes_no_sense_is_refused(
    load: LoadTest, server: Asked, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "q.jsonl").write_text(text)
    variables = {"URL": server.url, "SAMPLE_REQUEST": "sample.json", "REQUESTS_FILE": "q.jsonl"}
    code, output = load(**variables)
    assert code == 2 and message in output and not server.bodies


def test_an_endpoint_is_asked_with_its_own_sample(load: LoadTest, aws: AwsStandIn) -> None:
    aws.stacks[STACK] = deployed(4)
    aws.endpoints[ENDPOINT] = {"status": "InService", "config": "configuration-4"}
    aws.packages[f"{GROUP}/4"] = {"sample_request_uri": "s3://shared/x/sample_request.json"}
    aws.objects["shared/x/sample_request.json"] = json.dumps(SAMPLE).encode()
    code, output = load(STAGE="dev", REQUESTS=20, CONCURRENCY=16, **aws.environment)
    assert code == 0, output
    assert f"{ENDPOINT}: 20 requests, 16 at a time" in output
    assert aws.calls.count("InvokeEndpoint") == 21
    aws.predict = lambda body: (500, b"Traceback ...")
    code, output = load(STAGE="dev", **aws.environment)
    assert code == 1 and "the first request failed (500): Traceback" in output


def test_an_endpoint_that_is_not_there_is_an_error_with_its_code(
    load: LoadTest, aws: AwsStandIn
) -> None:
    variables = aws.environment | {"ENDPOINT": "trial", "SAMPLE_REQUEST": "sample.json"}
    code, output = load(STAGE="dev", **variables)
    assert code == 1
    assert "the first request failed (ValidationError): endpoint trial cannot be invoked" in output
    code, output = load(STAGE="dev", **aws.environment)
    assert code == 1 and f"stack {STACK} is not deployed" in output


def test_percentiles_are_what_they_are_called() -> None:
    latency = Latency.of([float(value) for value in range(100, 0, -1)])
    assert latency == Latency(p50=50, p95=95, p99=99, slowest=100)
    assert Latency.of([7.0]) == Latency(7, 7, 7, 7)
    assert Latency.of([]) is None


def test_failures_are_not_in_the_latency() -> None:
    exchanges = (Exchange(10.0), Exchange(9000.0, failure="503", said="busy"), Exchange(30.0))
    report = LoadReport.of(Measured(exchanges, 2.0), "here", 1)
    assert report.latency == Latency(10, 30, 30, 30)
    assert report.answers_per_second == 1.0
    assert report.errors == {"503": 1} and report.examples == {"503": "busy"}
