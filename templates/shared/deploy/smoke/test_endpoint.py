"""Is the model that should be served the one that answers, and does it answer correctly?

Runs against an endpoint (make smoke STAGE=dev) and against a server on this machine
(make smoke URL=http://127.0.0.1:8080 SAMPLE_REQUEST=path/to/sample_request.json).
"""

import json

import boto3
import pytest

from operations.comparison import differences
from operations.prediction_target import LocalServer, Target
from operations.sample_request import SampleRequest
from operations.stack_state import DeployedStack, describe_endpoint

REQUESTS = 5


@pytest.mark.local
def test_health_check_succeeds(target: LocalServer) -> None:
    assert target.ping() == 200, f"{target.name}/ping says that the model is not loaded"


@pytest.mark.cloud
def test_endpoint_is_in_service(session: boto3.Session, endpoint_name: str) -> None:
    endpoint = describe_endpoint(session, endpoint_name)
    assert endpoint.status == "InService", endpoint.failure_reason


@pytest.mark.own
def test_endpoint_runs_the_configuration_that_was_deployed(
    session: boto3.Session, endpoint_name: str, stack: DeployedStack
) -> None:
    # An endpoint that went back by itself says InService, too: on the old configuration.
    running = describe_endpoint(session, endpoint_name).config_name
    assert running == stack.outputs["EndpointConfigName"], "SageMaker took the deployment back"


@pytest.mark.version
def test_stack_deploys_the_model_version_that_was_asked_for(
    pytestconfig: pytest.Config, stack: DeployedStack
) -> None:
    assert stack.model_package_arn == pytestconfig.getoption("--model-package-arn")


def test_prediction_is_the_expected_one(
    target: Target, sample: SampleRequest, tolerance: float
) -> None:
    answer = target.invoke(sample.encode(), sample.content_type)
    assert answer.status == 200, answer.body.decode(errors="replace")
    found = differences(
        json.loads(answer.body),
        sample.expected,
        tolerance=tolerance,
        similarity=sample.similarity,
        lists=sample.lists,
    )
    assert not found, "\n".join(found)


def test_bad_input_is_the_callers_error(target: Target) -> None:
    answer = target.invoke(b'{"instances": [', "application/json")
    assert 400 <= answer.status < 500, (
        f"{target.name} answered {answer.status} to broken JSON: a caller's mistake must not"
        " count as a failure of the model"
    )
    assert answer.body.strip(), "the answer should say what is wrong"


def test_answers_stay_available_after_bad_input(
    target: Target, sample: SampleRequest, latencies: list[float]
) -> None:
    for _ in range(REQUESTS):
        answer = target.invoke(sample.encode(), sample.content_type)
        latencies.append(answer.milliseconds)
        assert answer.status == 200, answer.body.decode(errors="replace")
