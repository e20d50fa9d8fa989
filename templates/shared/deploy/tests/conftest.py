"""What the tests of the shared parts have in common."""

import components  # noqa: F401  (before aws_cdk: it chooses the Node.js to run on)

# isort: split

import os
from collections.abc import Callable, Iterator

import pytest
from aws_cdk import App, Environment, Stack
from aws_stand_in import AwsStandIn

from components.application import feature_flags
from operations.__main__ import OPTIONS


def pytest_configure() -> None:
    """Keep the variables of whoever runs the tests out of the commands under test."""
    for name in OPTIONS:
        os.environ.pop(name.upper(), None)


@pytest.fixture
def new_stack() -> Callable[[], Stack]:
    """Make empty stacks in a made-up account; the rules are for whole stacks and stay out."""

    def make() -> Stack:
        app = App(context=feature_flags(), builtin_cloud_formation_validation=False)
        return Stack(app, "Test", env=Environment(account="111122223333", region="eu-west-1"))

    return make


@pytest.fixture
def stack(new_stack: Callable[[], Stack]) -> Stack:
    """An empty stack."""
    return new_stack()


@pytest.fixture
def aws() -> Iterator[AwsStandIn]:
    """AWS on a loopback port, empty but for the caller's identity."""
    with AwsStandIn() as stand_in:
        yield stand_in
