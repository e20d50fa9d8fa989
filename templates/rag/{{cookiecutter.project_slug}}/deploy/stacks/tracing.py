"""Traces of answers: where the container writes them, and what its role may do there."""

from collections.abc import Iterator

from components.errors import ConfigurationError
from components.sagemaker_role import Grant, ModelArtifacts
from components.settings import SETTINGS_FILE
from stacks.sections import TracingSection

_ACTIONS = [
    *("CreateExperiment", "GetExperiment", "GetExperimentByName"),
    *("StartTrace", "EndTrace", "SetTraceTag"),
]


def tracking_server(tracking_arn: str | None, *, stage: str) -> str:
    """The ARN; raises ConfigurationError where the project has none."""
    if tracking_arn is None:
        raise ConfigurationError(
            f"config/{stage}.yaml turns tracing on, but mlflow.tracking_arn is null in"
            f" {SETTINGS_FILE}; fill in the ARN of the project's MLflow tracking server, or set"
            " tracing to null"
        )
    return tracking_arn


def tracing_environment(config: TracingSection, tracking_arn: str) -> dict[str, str]:
    """The variables that MLflow reads."""
    return {
        "MLFLOW_TRACKING_URI": tracking_arn,
        "MLFLOW_TRACE_SAMPLING_RATIO": f"{config.sampling_percent / 100:g}",
    }


def tracing_grants(config: TracingSection, tracking_arn: str) -> Iterator[Grant]:
    """Begin and end traces, and put what is in them beside the server's other artifacts."""
    actions = [f"sagemaker-mlflow:{action}" for action in _ACTIONS]
    if ":mlflow-app/" in tracking_arn:
        actions.append("sagemaker:CallMlflowAppApi")
    yield Grant("TraceAnswers", actions, [tracking_arn])
    if config.artifacts_uri is not None:
        place = ModelArtifacts.from_uri(config.artifacts_uri)
        partition = tracking_arn.split(":")[1]
        objects = f"arn:{partition}:s3:::{place.bucket}/{place.prefix}/*"
        yield Grant(
            "KeepTraces",
            ["s3:PutObject"],
            [objects],
            wildcards={f"Resource::{objects}": "Each trace has its own key below the prefix."},
        )
