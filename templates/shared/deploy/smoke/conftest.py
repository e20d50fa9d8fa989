"""What the smoke test is pointed at: an endpoint of a stage, or a server on this machine.

Without --url or --stage these tests are not collected, so that `make test` needs neither.
"""

import statistics
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from components.settings import load_settings
from operations.prediction_target import LocalServer, Target, stage_endpoint
from operations.sample_request import SampleRequest, from_file, from_model_package
from operations.stack_state import DeployedStack, deployed_stack
from operations.stage_account import connect

LATENCIES = pytest.StashKey[list[float]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("smoke test")
    group.addoption("--url", help="a server on this machine, such as http://127.0.0.1:8080")
    group.addoption("--stage", help="dev, test or prod: the endpoint of that stage")
    group.addoption("--endpoint", help="another endpoint than the stage's own")
    group.addoption("--model-package-arn", help="the model version that should be deployed")
    group.addoption("--sample-request", type=Path, help="default: the model package's own")
    group.addoption("--tolerance", type=float, default=1e-4, help="relative, default 1e-4")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    pointed = config.getoption("--url", None) or config.getoption("--stage", None)
    return None if pointed else True


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LATENCIES] = []
    config.addinivalue_line("markers", "local: only for a server on this machine")
    config.addinivalue_line("markers", "cloud: only for an endpoint in SageMaker")
    config.addinivalue_line("markers", "own: only for the stage's own endpoint")
    config.addinivalue_line("markers", "version: only when a model version is named")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    foreign = {"cloud", "own", "version"} if config.getoption("--url", None) else {"local"}
    if config.getoption("--endpoint", None):
        foreign |= {"own", "version"}
    if not config.getoption("--model-package-arn", None):
        foreign.add("version")
    deselected = [item for item in items if foreign & {mark.name for mark in item.iter_markers()}]
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in deselected]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    times = terminalreporter.config.stash.get(LATENCIES, [])
    if times:
        terminalreporter.write_line(
            f"latency of {len(times)} requests: median {statistics.median(times):.0f} ms,"
            f" slowest {max(times):.0f} ms"
        )


@pytest.fixture(scope="session")
def session(pytestconfig: pytest.Config) -> boto3.Session:
    """A session in the stage's account."""
    return connect(load_settings(), pytestconfig.getoption("--stage"))


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, session: boto3.Session) -> DeployedStack:
    """The stage's stack, whose outputs say what should run."""
    return deployed_stack(session, load_settings().stack_name(pytestconfig.getoption("--stage")))


@pytest.fixture(scope="session")
def endpoint_name(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> str:
    """The endpoint to ask."""
    named = pytestconfig.getoption("--endpoint")
    return named or request.getfixturevalue("stack").outputs["EndpointName"]


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Target:
    """What answers the predictions."""
    url = pytestconfig.getoption("--url")
    if url:
        return LocalServer(url.rstrip("/"))
    named = pytestconfig.getoption("--endpoint")
    outputs = {} if named else request.getfixturevalue("stack").outputs
    return stage_endpoint(request.getfixturevalue("session"), outputs, named=named)


@pytest.fixture(scope="session")
def sample(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> SampleRequest:
    """The request to send, and the answer that is expected."""
    file = pytestconfig.getoption("--sample-request")
    if file:
        return from_file(file)
    stack = request.getfixturevalue("stack")
    return from_model_package(request.getfixturevalue("session"), stack.outputs["ModelPackageArn"])


@pytest.fixture(scope="session")
def tolerance(pytestconfig: pytest.Config) -> float:
    """Largest relative difference between two predictions."""
    return pytestconfig.getoption("--tolerance")


@pytest.fixture(scope="session")
def latencies(pytestconfig: pytest.Config) -> Iterator[list[float]]:
    """Milliseconds of the requests, for the summary."""
    yield pytestconfig.stash[LATENCIES]
