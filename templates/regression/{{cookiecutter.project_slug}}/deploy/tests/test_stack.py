"""The stack of every stage: what only this kind of endpoint has."""

import pytest
from template_reading import Template, only

from components.settings import STAGES

pytestmark = pytest.mark.xdist_group("stack")


@pytest.mark.parametrize("stage", STAGES)
def test_the_model_has_no_network(templates: dict[str, Template], stage: str) -> None:
    model = only(templates[stage], "AWS::SageMaker::Model")["Properties"]
    assert model["EnableNetworkIsolation"] is True
