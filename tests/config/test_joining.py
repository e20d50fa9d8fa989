"""Projects that are a stage of another one are recognised by their names, and only those."""

from __future__ import annotations

import pytest

from generator.config.joining import JoinsProject, refuse_joining

JOINING = {"test": ("-test", " (t"), "prod": ("-prod", "-live-test")}


@pytest.mark.parametrize(
    ("name", "belongs_to", "stage"),
    [
        ("House prices-test", "House prices", "test"),
        ("House prices-TEST", "House prices", "test"),
        ("house-prod", "house", "prod"),
        ("a-live-test", "a", "prod"),
        ("a-test-test", "a-test", "test"),
        ("stra\u00dfe-test", "stra\u00dfe", "test"),
    ],
)
def test_a_stage_of_another_project(name: str, belongs_to: str, stage: str) -> None:
    with pytest.raises(JoinsProject) as raised:
        refuse_joining(JOINING, name)
    assert (raised.value.belongs_to, raised.value.stage) == (belongs_to, stage)
    assert str(raised.value) == (
        f"project {name!a} joins the project {belongs_to!a} as its stage {stage}, by"
        " [joining] of the configuration: it gets no repositories of its own"
    )


@pytest.mark.parametrize("name", ["House prices", "-test", " -test", "test", "house-testing", "t"])
def test_a_project_of_its_own(name: str) -> None:
    refuse_joining(JOINING, name)
    refuse_joining({}, f"{name}-test")
