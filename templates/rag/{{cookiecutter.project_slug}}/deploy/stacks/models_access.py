"""What the endpoint's role may call on Amazon Bedrock and SageMaker: these models, nothing else.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html has how access
to an inference profile and to the models behind it fit together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from components.sagemaker_role import Grant
from stacks.models_config import BedrockModel, ModelsSection

# Answers are always read as they are written (ConverseStream); vectors come in one piece.
_STREAM = "bedrock:InvokeModelWithResponseStream"
_INVOKE = "bedrock:InvokeModel"


@dataclass(frozen=True)
class Place:
    """Where the endpoint is."""

    partition: str
    account: str
    region: str


def model_grants(models: ModelsSection, place: Place) -> Iterator[Grant]:
    """A statement for each thing that is called, and its models behind it."""
    for number, model in enumerate(models.answers, start=1):
        which = "" if number == 1 else str(number)
        yield from _invocation(f"StreamAnswers{which}", _STREAM, model, place)
    yield from encoder_grants(models, place)
    if models.reranker is not None:
        yield from _invocation("RerankPassages", _INVOKE, models.reranker, place)
        yield Grant(
            "AskForRerankedPassages",
            ["bedrock:Rerank"],
            ["*"],
            wildcards={"Resource::*": "bedrock:Rerank knows no resources; its model is limited."},
        )


def encoder_grants(models: ModelsSection, place: Place) -> Iterator[Grant]:
    """What makes vectors of questions, for the endpoint and for whoever compares questions."""
    if models.embedding is not None:
        yield from _invocation("EmbedQuestions", _INVOKE, models.embedding, place)
    if models.embedding_endpoint is not None:
        endpoint = (
            f"arn:{place.partition}:sagemaker:{place.region}:{place.account}"
            # SageMaker compares ARNs of endpoints in lower case.
            f":endpoint/{models.embedding_endpoint.lower()}"
        )
        yield Grant("EmbedQuestions", ["sagemaker:InvokeEndpoint"], [endpoint])


def _invocation(sid: str, action: str, model: BedrockModel, place: Place) -> Iterator[Grant]:
    region = model.region or place.region
    if not model.is_profile:
        yield Grant(
            sid, [action], [model.id if model.is_arn else _foundation(model, place, region)]
        )
        return
    profile = model.id
    if not model.is_arn:
        profile = (
            f"arn:{place.partition}:bedrock:{region}:{place.account}:inference-profile/{model.id}"
        )
    yield Grant(sid, [action], [profile])
    yield Grant(
        f"{sid}BehindProfile",
        [action],
        [_foundation(model, place, each) for each in model.profile_regions],
        # Not the models by themselves: only what the profile passes on to them.
        {"StringEquals": {"bedrock:InferenceProfileArn": profile}},
    )
    if model.geography == "global":
        yield Grant(
            f"{sid}Anywhere",
            [action],
            [_foundation(model, place, "")],
            {
                "StringEquals": {
                    "bedrock:InferenceProfileArn": profile,
                    "aws:RequestedRegion": "unspecified",
                }
            },
        )


def _foundation(model: BedrockModel, place: Place, region: str) -> str:
    return f"arn:{place.partition}:bedrock:{region}::foundation-model/{model.foundation_model}"
