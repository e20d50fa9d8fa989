"""What the endpoint may call: each model by its ARN, profiles with the models behind them."""

from typing import Any

import pytest
from stage_example import GUARDRAIL, NOVA, role_statements, stage_config, synthesized
from template_reading import found, plain

from components.errors import ConfigurationError

REGIONAL = "arn:aws:bedrock:eu-west-1::foundation-model/"
PROFILE = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0"
OWN = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/abc123"
SERVER = "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-tracking-server/team"
FACTS = {"mlflow": {"tracking_arn": SERVER}}


def test_an_endpoint_that_quotes_may_call_nothing() -> None:
    statements = role_statements(synthesized())
    actions = {
        action
        for each in statements.values()
        for action in (each["Action"] if isinstance(each["Action"], list) else [each["Action"]])
    }
    services = {action.split(":")[0] for action in actions}
    assert services == {"s3", "ecr", "logs", "cloudwatch", "kms"}
    (model,) = found(synthesized(), "::SageMaker::Model")
    assert "Environment" not in model["PrimaryContainer"]


def test_a_model_is_streamed_by_its_arn_and_no_other() -> None:
    statements = role_statements(synthesized({"models.answers": [{"id": "amazon.nova-pro-v1:0"}]}))
    assert statements["StreamAnswers"]["Action"] == "bedrock:InvokeModelWithResponseStream"
    assert statements["StreamAnswers"]["Resource"] == f"{REGIONAL}amazon.nova-pro-v1:0"
    assert "StreamAnswersBehindProfile" not in statements


def test_models_behind_a_profile_are_reached_through_it_only() -> None:
    statements = role_statements(synthesized({"models.answers": [NOVA]}))
    assert statements["StreamAnswers"]["Resource"] == PROFILE
    assert "Condition" not in statements["StreamAnswers"]
    behind = statements["StreamAnswersBehindProfile"]
    assert behind["Resource"] == [
        f"arn:aws:bedrock:{region}::foundation-model/amazon.nova-lite-v1:0"
        for region in ("eu-north-1", "eu-west-1")
    ]
    assert behind["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}


def test_a_global_profile_may_answer_from_a_region_that_nobody_names() -> None:
    model = {"id": "global.amazon.nova-2-lite-v1:0", "profile_regions": ["eu-west-1"]}
    anywhere = role_statements(synthesized({"models.answers": [model]}))["StreamAnswersAnywhere"]
    assert anywhere["Resource"] == "arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0"
    assert anywhere["Condition"]["StringEquals"]["aws:RequestedRegion"] == "unspecified"


def test_a_profile_of_ones_own_needs_its_model() -> None:
    model = {"id": OWN, "profile_regions": ["eu-west-1"], "profile_model": "amazon.nova-pro-v1:0"}
    statements = role_statements(synthesized({"models.answers": [NOVA, model]}))
    assert statements["StreamAnswers2"]["Resource"] == OWN
    behind = statements["StreamAnswers2BehindProfile"]
    assert behind["Resource"] == f"{REGIONAL}amazon.nova-pro-v1:0"
    assert behind["Condition"] == {"StringEquals": {"bedrock:InferenceProfileArn": OWN}}


def test_vectors_and_rankings_are_not_streamed() -> None:
    changes = {
        "models.embedding": {"id": "amazon.titan-embed-text-v2:0"},
        "models.reranker": {"id": "cohere.rerank-v3-5:0", "region": "eu-central-1"},
    }
    statements = role_statements(synthesized(changes))
    assert statements["EmbedQuestions"]["Action"] == "bedrock:InvokeModel"
    assert statements["EmbedQuestions"]["Resource"] == f"{REGIONAL}amazon.titan-embed-text-v2:0"
    ranked = "arn:aws:bedrock:eu-central-1::foundation-model/cohere.rerank-v3-5:0"
    assert statements["RerankPassages"]["Action"] == "bedrock:InvokeModel"
    assert statements["RerankPassages"]["Resource"] == ranked
    assert statements["AskForRerankedPassages"]["Action"] == "bedrock:Rerank"
    assert not any("Stream" in sid for sid in statements)


def test_one_embedding_endpoint_may_be_called() -> None:
    statements = role_statements(synthesized({"models.embedding_endpoint": "Team-embeddings"}))
    assert statements["EmbedQuestions"]["Action"] == "sagemaker:InvokeEndpoint"
    endpoint = "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/team-embeddings"
    assert statements["EmbedQuestions"]["Resource"] == endpoint


def test_a_guardrail_of_the_stages_own_is_what_the_container_is_told() -> None:
    template = synthesized({"models.answers": [NOVA], "guardrail": GUARDRAIL})
    statements = role_statements(template)
    (made,) = (name for name, each in template["Resources"].items() if "Guardrail" in each["Type"]
               and "Version" not in each["Type"])  # fmt: skip
    assert statements["ApplyGuardrail"]["Action"] == "bedrock:ApplyGuardrail"
    assert statements["ApplyGuardrail"]["Resource"] == f"<{made}.GuardrailArn>"
    (model,) = found(template, "::SageMaker::Model")
    environment = plain(model["PrimaryContainer"]["Environment"])
    assert environment["GUARDRAIL_ID"] == f"<{made}.GuardrailId>"
    assert environment["GUARDRAIL_VERSION"].endswith(".Version>")
    outputs = {name: plain(each["Value"]) for name, each in template["Outputs"].items()}
    assert outputs["GuardrailId"] == environment["GUARDRAIL_ID"]
    (guardrail,) = found(template, "::Guardrail")
    assert guardrail["ContextualGroundingPolicyConfig"] == {
        "FiltersConfig": [{"Type": "GROUNDING", "Threshold": 0.7}]
    }
    assert "KmsKeyArn" in guardrail
    personal = guardrail["SensitiveInformationPolicyConfig"]["PiiEntitiesConfig"]
    assert {each["Action"] for each in personal} == {"ANONYMIZE"}


def test_another_guardrail_is_another_version_and_another_model() -> None:
    def names(strength: str) -> tuple[str, str]:
        guardrail = GUARDRAIL | {"strength": strength}
        template = synthesized({"models.answers": [NOVA], "guardrail": guardrail})
        resources = template["Resources"]
        (version,) = (name for name in resources if "Version" in resources[name]["Type"])
        return version, found(template, "::SageMaker::Model")[0]["ModelName"]

    assert names("HIGH") == names("HIGH")
    version, model = names("LOW")
    assert version != names("HIGH")[0], "a version never changes"
    assert model != names("HIGH")[1], "nor does a model, which is told which version"


def test_a_guardrail_does_not_reach_another_region() -> None:
    model = {"id": "amazon.nova-pro-v1:0", "region": "us-east-1"}
    with pytest.raises(ConfigurationError, match=r"asks amazon\.nova-pro-v1:0 in us-east-1"):
        synthesized({"models.answers": [model], "guardrail": GUARDRAIL})


def test_traces_go_to_the_projects_server() -> None:
    tracing = {"sampling_percent": 2.5, "artifacts_uri": "s3://shared/mlflow/"}
    template = synthesized({"tracing": tracing}, facts=FACTS)
    (model,) = found(template, "::SageMaker::Model")
    assert model["PrimaryContainer"]["Environment"] == {
        "MLFLOW_TRACKING_URI": SERVER,
        "MLFLOW_TRACE_SAMPLING_RATIO": "0.025",
    }
    statements = role_statements(template)
    assert statements["TraceAnswers"]["Resource"] == SERVER
    assert "sagemaker-mlflow:StartTrace" in statements["TraceAnswers"]["Action"]
    assert not any("Delete" in action for action in statements["TraceAnswers"]["Action"])
    assert statements["KeepTraces"]["Action"] == "s3:PutObject"
    assert statements["KeepTraces"]["Resource"] == "arn:aws:s3:::shared/mlflow/*"


def test_tracing_without_a_server_is_refused() -> None:
    tracing = {"sampling_percent": 5, "artifacts_uri": None}
    with pytest.raises(ConfigurationError, match=r"mlflow\.tracking_arn is null"):
        synthesized({"tracing": tracing}, facts={"mlflow": {"tracking_arn": None}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models.answers": [{"id": "eu.amazon.nova-lite-v1:0"}]}, "profile_regions is empty"),
        (
            {"models.answers": [{"id": "amazon.nova-lite-v1:0", "profile_regions": ["eu-west-1"]}]},
            "is no inference profile",
        ),
        ({"models.answers": [{"id": OWN, "profile_regions": ["eu-west-1"]}]}, "profile_model"),
        ({"models.answers": [{"id": "nova"}]}, "String should match pattern"),
        ({"models.answers": [{"id": "amazon.*"}]}, "String should match pattern"),
        (
            {"models.embedding": {"id": "cohere.embed-v4:0"}, "models.embedding_endpoint": "own"},
            "an index has one encoder",
        ),
        ({"guardrail": GUARDRAIL}, "guardrail is set but models.answers is empty"),
        ({"endpoint.network_isolation": True}, "installs the package's code/requirements.txt"),
        (
            {
                "endpoint.network_isolation": True,
                "container.repository": "our-retrieval",
                "models.answers": [NOVA],
            },
            "models and tracing name what the container calls",
        ),
    ],
)
def test_what_could_not_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stage_config(changes)


def test_an_image_of_ones_own_may_do_without_a_network() -> None:
    changes = {"endpoint.network_isolation": True, "container.repository": "our-retrieval"}
    assert stage_config(changes).endpoint.network_isolation
