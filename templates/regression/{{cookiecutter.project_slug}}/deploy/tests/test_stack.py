"""The stack of every stage: what only this kind of endpoint has."""

from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("stack")


@pytest.mark.parametrize("stage", ["dev", "test", "prod"])
def test_the_model_has_no_network(templates: dict[str, dict[str, Any]], stage: str) -> None:
    (model,) = (
        each["Properties"]
        for each in templates[stage]["Resources"].values()
        if each["Type"] == "AWS::SageMaker::Model"
    )
    assert model["EnableNetworkIsolation"] is True
