"""Processing and training jobs, each a process in a directory laid out like the job's container.

Each function takes the request that the pipeline would send, with its variables resolved, and
returns what the matching Describe call would answer, for later steps to refer to.
"""

import json
import re
import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.check.variables import as_text
from mlops.local.container import Container, JobFailedError
from mlops.local.store import LocalStore, NoObjectsError, pack
from mlops.local.values import ExecutionFacts

_DEFAULT_LIMIT_SECONDS = 86_400
_LONGEST_NAME = 63
_INSTALLER = """# In place of the SDK's installer: a local run uses the packages that are there.
import sys

print("local run: not installing", *sys.argv[1:])
"""

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What a job needs beside its request. `on_line` is told each line that it prints."""

    step: str
    container: Container
    store: LocalStore
    facts: ExecutionFacts
    on_line: Callable[[str], None]

    def name(self) -> str:
        """A job name as SageMaker Pipelines gives it: `pipelines-<execution>-<step>-<suffix>`."""
        letters = string.ascii_letters + string.digits
        suffix = "".join(secrets.choice(letters) for _ in range(10))
        start = f"pipelines-{self.facts.id}-"
        room = _LONGEST_NAME - len(start) - len(suffix) - 1
        step = re.sub(r"[^A-Za-z0-9]+", "-", self.step)[:room].strip("-")
        return f"{start}{step}-{suffix}"

    def download(self, uri: str, path: str) -> None:
        """Bring an input to a path of the container."""
        try:
            self.store.download(uri, self.container.inside(path))
        except (NoObjectsError, ValueError) as error:
            raise JobFailedError(f"input for {path}: {error}") from error

    def write(self, path: str, value: Any) -> None:
        """Write a configuration file to a path of the container."""
        file = self.container.inside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.container.localize(json.dumps(value, indent=2)), encoding="utf-8")

    def run(
        self, specification: Mapping[str, Any], environment: Mapping[str, str], limit: Any
    ) -> None:
        """Run the command of a request's AppSpecification or AlgorithmSpecification."""
        command = specification.get("ContainerEntrypoint")
        if not command:
            raise JobFailedError(
                "the request names no ContainerEntrypoint: what its image would do on its own "
                "cannot be known here; give the step a source directory and an entry script"
            )
        arguments = [as_text(word) for word in specification.get("ContainerArguments") or ()]
        seconds = (limit or {}).get("MaxRuntimeInSeconds", _DEFAULT_LIMIT_SECONDS)
        variables = {name: as_text(value) for name, value in environment.items()}
        self.container.run(
            [*command, *arguments], variables, limit_seconds=seconds, on_line=self.on_line
        )


def process(job: Job, request: Mapping[str, Any]) -> Answer:
    """Run a CreateProcessingJob request."""
    for item in request.get("ProcessingInputs") or ():
        source = item.get("S3Input")
        if source is None:
            raise JobFailedError(
                f"input {item['InputName']!r} comes from a query, which cannot run here: "
                "give a local file instead with --data FILE"
            )
        _require(source, "S3DataType", "S3Prefix")
        _require(source, "S3CompressionType", "None")
        job.download(source["S3Uri"], source["LocalPath"])
    _adapt_scripts(job.container, job.container.inside("/opt/ml/processing"))
    outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
    for item in outputs:
        job.container.inside(item["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    name = job.name()
    arn = job.facts.arn(f"processing-job/{name}")
    described = {"ProcessingJobArn": arn, "ProcessingJobName": name, **request}
    job.write("/opt/ml/config/processingjobconfig.json", described)
    hosts = {"current_host": "algo-1", "hosts": ["algo-1"]}
    job.write("/opt/ml/config/resourceconfig.json", hosts)
    environment = {
        **(request.get("Environment") or {}),
        "PROCESSING_JOB_ARN": arn,
        # Training jobs are told this by the SDK's driver; processing jobs look for /opt/ml/output.
        "SM_OUTPUT_DIR": "/opt/ml/output",
    }
    job.container.inside("/opt/ml/output").mkdir()
    with _explained(job.container):
        job.run(request["AppSpecification"], environment, request.get("StoppingCondition"))
    for item in outputs:
        source = item["S3Output"]
        job.store.upload(job.container.inside(source["LocalPath"]), source["S3Uri"])
    return {**described, "ProcessingJobStatus": "Completed"}


def train(job: Job, request: Mapping[str, Any]) -> Answer:
    """Run a CreateTrainingJob request, as the SDK's ModelTrainer makes them."""
    container, specification = job.container, request["AlgorithmSpecification"]
    for path in ("input/data", "model", "output/data", "checkpoints"):
        container.inside(f"/opt/ml/{path}").mkdir(parents=True)
    channels = {}
    for channel in request.get("InputDataConfig") or ():
        _require(channel, "CompressionType", "None")
        if channel.get("InputMode", specification.get("TrainingInputMode")) == "Pipe":
            raise JobFailedError(f"channel {channel['ChannelName']!r} is a pipe: use mode File")
        source = channel["DataSource"]["S3DataSource"]
        _require(source, "S3DataType", "S3Prefix")
        job.download(source["S3Uri"], f"/opt/ml/input/data/{channel['ChannelName']}")
        channels[channel["ChannelName"]] = {
            "ContentType": channel.get("ContentType", ""),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "TrainingInputMode": "File",
        }
    _adapt_scripts(container, container.inside("/opt/ml/input/data"))
    name = job.name()
    arn = job.facts.arn(f"training-job/{name}")
    parameters = {k: as_text(v) for k, v in (request.get("HyperParameters") or {}).items()}
    config = "/opt/ml/input/config"
    job.write(f"{config}/hyperparameters.json", parameters)
    job.write(f"{config}/inputdataconfig.json", channels)
    job.write(f"{config}/resourceconfig.json", _resources(request))
    environment = {
        **(request.get("Environment") or {}),
        "TRAINING_JOB_NAME": name,
        "TRAINING_JOB_ARN": arn,
    }
    with _explained(container):
        job.run(specification, environment, request.get("StoppingCondition"))
    prefix = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
    for folder, archive in (("model", "model.tar.gz"), ("output/data", "output.tar.gz")):
        source_dir = container.inside(f"/opt/ml/{folder}")
        if any(source_dir.iterdir()):
            pack(source_dir, job.store.path(f"{prefix}/{archive}"))
    return {
        **request,
        "TrainingJobName": name,
        "TrainingJobArn": arn,
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": f"{prefix}/model.tar.gz"},
        "FinalMetricDataList": _metrics(specification, container.log),
    }


def _adapt_scripts(container: Container, folder: Path) -> None:
    """Fit the SDK's own scripts to the directory; a step's own code is left as it is."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.name == "install_requirements.py":
            path.write_text(_INSTALLER, encoding="utf-8")
        elif path.name == "runproc.sh" or "sm_drivers" in path.relative_to(folder).parts:
            container.localize_file(path)


def _resources(request: Mapping[str, Any]) -> dict[str, Any]:
    kind = request["ResourceConfig"].get("InstanceType", "local")
    return {
        "current_host": "algo-1",
        "current_group_name": "homogeneousCluster",
        "current_instance_type": kind,
        "hosts": ["algo-1"],
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": kind,
                "hosts": ["algo-1"],
            }
        ],
        "network_interface_name": "lo",
    }


@contextmanager
def _explained(container: Container) -> Iterator[None]:
    """Adds to a failure what the job left in `/opt/ml/output`, where SageMaker looks for it."""
    try:
        yield
    except JobFailedError as error:
        for name in ("message", "failure"):
            path = container.inside(f"/opt/ml/output/{name}")
            if path.is_file() and (text := path.read_text("utf-8", "replace").strip()):
                lines = text.splitlines()
                line = lines[-1] if lines[0].startswith("Traceback") else lines[0]
                raise JobFailedError(f"{line} ({error})", error.tail) from error
        raise


def _metrics(specification: Mapping[str, Any], log: Path) -> list[dict[str, Any]]:
    """The last value that each metric's regular expression finds in the log."""
    text = log.read_text(encoding="utf-8", errors="replace")
    found = []
    for metric in specification.get("MetricDefinitions") or ():
        values = re.findall(metric["Regex"], text, re.MULTILINE)
        if values:
            last = values[-1] if isinstance(values[-1], str) else values[-1][0]
            found.append({"MetricName": metric["Name"], "Value": float(last)})
    return found


def _require(source: Mapping[str, Any], member: str, value: str) -> None:
    if source.get(member, value) != value:
        raise JobFailedError(f"{member} {source[member]!r} cannot be had in a local run")
