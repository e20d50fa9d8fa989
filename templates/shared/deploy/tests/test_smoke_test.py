"""The smoke test itself: it passes against what is right and fails against what is wrong."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_stand_in import AwsStandIn
from cloud_repository import ENDPOINT, GROUP, STACK, deployed, make_repository
from loopback_server import LoopbackHandler, LoopbackServer

from operations.__main__ import main

SAMPLE = {
    "content_type": "application/json",
    "body": {"instances": [{"age": 59, "bmi": 32.1}, {"age": 48, "bmi": None}]},
    "expected": {"predictions": [151.25, 75.5]},
}
Predict = Callable[[bytes], tuple[int, bytes]]
Smoke = Callable[..., tuple[int, str]]


def good(body: bytes) -> tuple[int, bytes]:
    """A model that knows the sample's answers and what JSON is."""
    try:
        count = len(json.loads(body)["instances"])
    except ValueError as error:
        return 400, f"the body is not JSON: {error}".encode()
    return 200, json.dumps({"predictions": [151.25, 75.5000001][:count]}).encode()


def wrong(body: bytes) -> tuple[int, bytes]:
    """A model that answers something else."""
    status, answer = good(body)
    return (status, answer.replace(b"151.25", b"151.35"))


def careless(body: bytes) -> tuple[int, bytes]:
    """A model that breaks on bad input."""
    status, answer = good(body)
    return (500, b"Traceback ...") if status == 400 else (status, answer)


def broken(body: bytes) -> tuple[int, bytes]:
    """A model that answers nothing correctly."""
    return 503, b"out of memory"


@pytest.fixture
def repository(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    return make_repository(pytestconfig.rootpath, tmp_path)


@pytest.fixture
def sample(repository: Path) -> Path:
    file = repository / "sample_request.json"
    file.write_text(json.dumps(SAMPLE))
    return file


@pytest.fixture
def smoke(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Smoke:
    """Run the command as make does, with variables; returns its exit code and all it wrote."""

    def command(**variables: str) -> tuple[int, str]:
        capfd.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(repository)
            for name, value in variables.items():
                patch.setenv(name, value)
            code = main(["smoke"])
        return code, "".join(capfd.readouterr())

    return command


class Local(LoopbackServer):
    """A server on this machine that follows SageMaker's contract; its model can be exchanged."""

    def __init__(self) -> None:
        super().__init__(_handler(self))
        self.predict: Predict = good
        self.health = 200


def _handler(local: Local) -> type[LoopbackHandler]:
    class Handler(LoopbackHandler):
        def do_GET(self) -> None:
            self.send(local.health if self.path == "/ping" else 404, b"")

        def do_POST(self) -> None:
            self.send(*local.predict(self.body()))

    return Handler


@pytest.fixture
def local() -> Iterator[Local]:
    with Local() as server:
        yield server


def test_a_good_local_server_passes(smoke: Smoke, local: Local, sample: Path) -> None:
    code, output = smoke(URL=local.url, SAMPLE_REQUEST=str(sample))
    assert code == 0, output
    assert "4 passed" in output
    assert "latency of 5 requests: median" in output


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (wrong, "answer.predictions[0] is 151.35 instead of 151.25"),
        (careless, "answered 500 to broken JSON"),
        (broken, "out of memory"),
    ],
)
def test_a_bad_local_server_fails(
    smoke: Smoke, local: Local, sample: Path, predict: Predict, message: str
) -> None:
    local.predict = predict
    code, output = smoke(URL=local.url, SAMPLE_REQUEST=str(sample))
    assert code == 1
    assert message in output


def test_a_server_whose_model_is_not_loaded_fails(smoke: Smoke, local: Local, sample: Path) -> None:
    local.health = 503
    code, output = smoke(URL=local.url, SAMPLE_REQUEST=str(sample))
    assert code == 1
    assert "/ping says that the model is not loaded" in output


def test_the_tolerance_can_be_chosen(smoke: Smoke, local: Local, sample: Path) -> None:
    local.predict = wrong
    code, output = smoke(URL=local.url, SAMPLE_REQUEST=str(sample), TOLERANCE="0.01")
    assert code == 0, output


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "no stage given"),
        ({"URL": "http://127.0.0.1:1"}, "needs a request: SAMPLE_REQUEST="),
        ({"URL": "127.0.0.1:1"}, "URL is '127.0.0.1:1'"),
        ({"URL": "http://127.0.0.1:1", "SAMPLE_REQUEST": "none.json"}, "none.json cannot be read"),
        ({"URL": "http://127.0.0.1:1", "SAMPLE_REQUEST": "cdk.json"}, "content_type is missing"),
        ({"STAGE": "staging"}, "stage is 'staging'; use STAGE=dev|test|prod"),
        ({"STAGE": "prod"}, "stages.prod.account_id"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    smoke: Smoke, variables: dict[str, str], message: str
) -> None:
    code, output = smoke(**variables)
    assert code == 2
    assert message in output


@pytest.fixture
def deployed_stage(aws: AwsStandIn) -> AwsStandIn:
    """A stage that serves version 4, and a package that points to its sample request."""
    aws.stacks[STACK] = deployed(4, config="configuration-4")
    aws.endpoints[ENDPOINT] = {"status": "InService", "config": "configuration-4"}
    aws.packages[f"{GROUP}/4"] = {"sample_request_uri": "s3://shared/x/sample_request.json"}
    aws.objects["shared/x/sample_request.json"] = json.dumps(SAMPLE).encode()
    aws.predict = good
    return aws


def test_a_good_endpoint_passes(smoke: Smoke, deployed_stage: AwsStandIn) -> None:
    variables = deployed_stage.environment | {"MODEL_PACKAGE_ARN": f"{GROUP}/4"}
    code, output = smoke(STAGE="dev", **variables)
    assert code == 0, output
    assert "6 passed" in output
    assert deployed_stage.calls.count("InvokeEndpoint") == 7


def test_an_endpoint_that_went_back_by_itself_fails(
    smoke: Smoke, deployed_stage: AwsStandIn
) -> None:
    deployed_stage.endpoints[ENDPOINT]["config"] = "configuration-3"
    code, output = smoke(STAGE="dev", **deployed_stage.environment)
    assert code == 1
    assert "SageMaker took the deployment back" in output
    assert "1 failed, 4 passed" in output, "it still answers, and correctly"


def test_another_package_than_the_one_asked_for_fails(
    smoke: Smoke, deployed_stage: AwsStandIn
) -> None:
    variables = deployed_stage.environment | {"MODEL_PACKAGE_ARN": f"{GROUP}/5"}
    code, output = smoke(STAGE="dev", **variables)
    assert code == 1
    assert "test_stack_deploys_the_model_version_that_was_asked_for" in output


@pytest.mark.parametrize(
    ("predict", "message"),
    [(wrong, "instead of 151.25"), (careless, "answered 500")],
)
def test_a_bad_endpoint_fails(
    smoke: Smoke, deployed_stage: AwsStandIn, predict: Predict, message: str
) -> None:
    deployed_stage.predict = predict
    code, output = smoke(STAGE="dev", **deployed_stage.environment)
    assert code == 1
    assert message in output


def test_a_stage_that_is_not_deployed_fails(smoke: Smoke, aws: AwsStandIn) -> None:
    code, output = smoke(STAGE="dev", **aws.environment)
    assert code == 1
    assert f"stack {STACK} is not deployed" in output


def test_a_package_without_a_sample_says_what_to_do(
    smoke: Smoke, deployed_stage: AwsStandIn, sample: Path
) -> None:
    deployed_stage.packages[f"{GROUP}/4"] = {}
    code, output = smoke(STAGE="dev", **deployed_stage.environment)
    assert code == 1
    assert "has no sample_request_uri" in output
    code, output = smoke(STAGE="dev", SAMPLE_REQUEST=str(sample), **deployed_stage.environment)
    assert code == 0, output


def test_another_endpoint_of_the_stage_can_be_asked(
    smoke: Smoke, aws: AwsStandIn, sample: Path
) -> None:
    aws.endpoints["trial"] = {"status": "InService", "config": "trial-1"}
    aws.predict = good
    variables = aws.environment | {"ENDPOINT": "trial", "SAMPLE_REQUEST": str(sample)}
    code, output = smoke(STAGE="dev", **variables)
    assert code == 0, output
    assert "4 passed" in output
    assert "DescribeStacks" not in aws.calls, "the stack says nothing about this one"
    aws.endpoints["trial"]["status"] = "Failed"
    assert smoke(STAGE="dev", **variables)[0] == 1
