"""What a person who edits config/<stage>.yaml reads when something in it is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from stage_example import GUARDRAIL, NOVA, values

from components.errors import ConfigurationError
from components.stage_config import load_stage_config
from stacks.stage_config import RetrievalStageConfig

ALARM = {"threshold": 5, "minutes": 5, "breaching_minutes": 3, "roll_back": True}
ROOT = Path(__file__).parent.parent


def load(folder: Path, changes: dict[str, Any]) -> RetrievalStageConfig:
    (folder / "prod.yaml").write_text(yaml.safe_dump(values(changes)), encoding="utf-8")
    return load_stage_config("prod", folder, schema=RetrievalStageConfig)


@pytest.mark.parametrize("stage", ["dev", "test", "prod"])
def test_the_stages_of_this_project_are_right(stage: str) -> None:
    config = load_stage_config(stage, ROOT / "config", schema=RetrievalStageConfig)
    assert "empty_percent" in config.alarms.rolling_back()
    assert (config.guardrail is None) == (not config.models.answers)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"alarms.empty_percnt": ALARM},
            "alarms.empty_percnt (value {",
        ),
        ({"alarms.empty_percnt": ALARM}, "did you mean empty_percent?"),
        (
            {"alarms.refused_percent": ALARM | {"threshold": 100}},
            "alarms: refused_percent.threshold is 100.0: a percentage never exceeds 100",
        ),
        (
            {"alarms.retrieval_latency_p95_ms": ALARM | {"breaching_minutes": 6}},
            "breaching_minutes is 6 in a window of 5 minutes",
        ),
        (
            {"alarms.empty_percent": ALARM | {"minutes": 30, "breaching_minutes": 20}},
            "alarms.empty_percent needs 20 bad minutes before it can roll back",
        ),
        (
            {"models.answers": [NOVA | {"regions": ["eu-west-1"]}]},
            "models.answers.0.regions (value ['eu-west-1']) is not a known key; did you mean",
        ),
        (
            {"models.answers": [{"id": "eu.amazon.nova-lite-v1:0"}]},
            "aws bedrock get-inference-profile --inference-profile-identifier eu.amazon.nova-lite",
        ),
        (
            {"models.embedding": {"id": "titan"}},
            "use the id of a model, of an inference profile, or the ARN of one of your own",
        ),
        (
            {"models.embedding_endpoint": "team_embeddings"},
            "models.embedding_endpoint is 'team_embeddings'",
        ),
        (
            {"models.answers": [NOVA], "guardrail": GUARDRAIL | {"grounding": 1}},
            "guardrail.grounding is 1: input should be less than or equal to 0.99; use 0 to 0.99",
        ),
        (
            {"models.answers": [NOVA], "guardrail": GUARDRAIL | {"strength": "SOME"}},
            "guardrail.strength is 'SOME'",
        ),
        (
            {"tracing": {"sampling_percent": 0, "artifacts_uri": None}},
            "use above 0, up to 100 percent of the answers",
        ),
        (
            {"tracing": {"sampling_percent": 5}},
            "tracing.artifacts_uri is missing; add it: s3://bucket/prefix",
        ),
        ({"endpoint.network_isolation": True}, "compute.serving_image of the build repository"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_the_fix(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)) as caught:
        load(tmp_path, changes)
    assert str(caught.value).startswith(str(tmp_path / "prod.yaml"))


def test_a_deployment_in_a_hurry_looks_at_no_alarm(tmp_path: Path) -> None:
    config = load(tmp_path, {"models.answers": [NOVA], "guardrail": GUARDRAIL}).immediate()
    assert config.rollout.strategy == "all_at_once" and not config.rollout.rollback_on_alarm
    assert config.guardrail is not None, "what it may say does not change"
