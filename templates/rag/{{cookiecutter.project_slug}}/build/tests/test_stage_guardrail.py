"""An endpoint's stage may name its own guardrail; half of one keeps the endpoint from starting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answer_package import copy_of_package
from test_generators_bedrock import Converse, delta, end

from source import generators_bedrock, inference, serving_app
from source.answering import Asked
from source.application import open_application
from source.generation_settings import (
    GenerationSettings,
    GuardrailSettings,
    with_stage_guardrail,
)
from source.integrity import write_integrity
from source.settings import SettingsError

PACKAGED = GuardrailSettings("packaged", "1")
BEDROCK = GenerationSettings(kind="bedrock", model_id="vendor.model-v1", guardrail=PACKAGED)
STAGE = {"GUARDRAIL_ID": "gr-stage", "GUARDRAIL_VERSION": "7"}


def test_the_stage_s_guardrail_takes_the_place_of_the_package_s() -> None:
    found = with_stage_guardrail(BEDROCK, STAGE)
    assert found.guardrail == GuardrailSettings("gr-stage", "7")
    assert found.model_id == BEDROCK.model_id


@pytest.mark.parametrize("environment", [{}, {"GUARDRAIL_ID": "", "GUARDRAIL_VERSION": ""}])
def test_without_one_the_package_s_stays(environment: dict[str, str]) -> None:
    assert with_stage_guardrail(BEDROCK, environment) == BEDROCK


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"GUARDRAIL_ID": "gr-1"}, "GUARDRAIL_ID is 'gr-1' and GUARDRAIL_VERSION is not set"),
        ({"GUARDRAIL_VERSION": "7"}, "GUARDRAIL_VERSION is '7' and GUARDRAIL_ID is not set"),
        (STAGE | {"GUARDRAIL_VERSION": ""}, "and GUARDRAIL_VERSION is not set: set both"),
        (STAGE | {"GUARDRAIL_VERSION": "latest"}, "GUARDRAIL_VERSION is 'latest'; use a number"),
    ],
)
def test_half_a_guardrail_is_an_error(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        with_stage_guardrail(BEDROCK, environment)
    assert said in str(error.value)


def test_a_guardrail_that_would_guard_nothing_is_an_error() -> None:
    with pytest.raises(SettingsError, match="asks no language model that it could guard"):
        with_stage_guardrail(GenerationSettings(), STAGE)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package whose answers a model on Bedrock writes, without a guardrail."""
    folder = copy_of_package(tmp_path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["generation"] |= {"kind": "bedrock", "model_id": "vendor.model-v1"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_integrity(folder)
    return folder


@pytest.mark.xdist_group("answers")
def test_every_request_names_it(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Converse(delta("In spring [1]."), *end())
    monkeypatch.setattr(generators_bedrock, "bedrock_client", lambda region: client)
    for name, value in STAGE.items():
        monkeypatch.setenv(name, value)
    answerer = open_application(package).answerer
    answerer.answer(Asked("How are parcel rules agreed on in sales?", ("public",)))
    (request,) = client.requests
    assert request["guardrailConfig"] == {
        "guardrailIdentifier": "gr-stage",
        "guardrailVersion": "7",
    }


@pytest.mark.xdist_group("answers")
@pytest.mark.parametrize("start", [serving_app.build_app, inference.model_fn])
def test_no_server_starts_with_half_of_one(
    start: object, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARDRAIL_ID", "gr-stage")
    monkeypatch.delenv("GUARDRAIL_VERSION", raising=False)
    assert callable(start)
    with pytest.raises(SettingsError, match="GUARDRAIL_VERSION is not set"):
        start(str(package))
