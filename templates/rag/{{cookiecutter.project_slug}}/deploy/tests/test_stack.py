"""The stack of every stage: what only this kind of endpoint has."""

from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("stack")
Template = dict[str, Any]


def properties(template: Template, kind: str) -> list[dict[str, Any]]:
    return [
        each["Properties"] for each in template["Resources"].values() if each["Type"].endswith(kind)
    ]


@pytest.mark.parametrize("stage", ["dev", "test", "prod"])
def test_the_container_can_install_what_the_package_asks_for(
    templates: dict[str, Template], stage: str
) -> None:
    (model,) = properties(templates[stage], "::SageMaker::Model")
    assert model["EnableNetworkIsolation"] is False
    assert model["PrimaryContainer"]["ModelPackageName"].endswith("/1")
