"""Training jobs: CreateTrainingJob requests, run on this machine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops.check.variables import as_text
from mlops.local.jobs import Answer, Job, adapt_scripts, explained, require
from mlops.local.process import JobFailedError
from mlops.local.store import pack


def train(job: Job, request: Mapping[str, Any]) -> Answer:
    """Run a request whose variables are resolved, as the SDK's ModelTrainer makes them.

    Returns what DescribeTrainingJob would.
    """
    container, specification = job.container, request["AlgorithmSpecification"]
    for path in ("input/data", "model", "output/data"):
        container.inside(f"/opt/ml/{path}").mkdir(parents=True)
    _mount_checkpoints(job, request.get("CheckpointConfig"))
    channels = {}
    for channel in request.get("InputDataConfig") or ():
        require(channel, "CompressionType", "None")
        if channel.get("InputMode", specification.get("TrainingInputMode")) == "Pipe":
            raise JobFailedError(f"channel {channel['ChannelName']!r} is a pipe: use mode File")
        source = channel["DataSource"]["S3DataSource"]
        require(source, "S3DataType", "S3Prefix")
        job.download(source["S3Uri"], f"/opt/ml/input/data/{channel['ChannelName']}")
        channels[channel["ChannelName"]] = {
            "ContentType": channel.get("ContentType", ""),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "TrainingInputMode": "File",
        }
    adapt_scripts(container, container.inside("/opt/ml/input/data"))
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
    with explained(container):
        job.run(specification, environment, request.get("StoppingCondition"))
    prefix = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{name}/output"
    packed = request["OutputDataConfig"].get("CompressionType", "GZIP") == "GZIP"
    for folder, place in (("model", "model"), ("output/data", "data")):
        source_dir = container.inside(f"/opt/ml/{folder}")
        if not any(source_dir.iterdir()):
            continue
        if packed:
            archive = "model.tar.gz" if place == "model" else "output.tar.gz"
            pack(source_dir, job.store.path(f"{prefix}/{archive}"))
        else:
            job.store.upload(source_dir, f"{prefix}/{place}")
    return {
        **request,
        "TrainingJobName": name,
        "TrainingJobArn": arn,
        "TrainingJobStatus": "Completed",
        "ModelArtifacts": {
            "S3ModelArtifacts": f"{prefix}/model.tar.gz" if packed else f"{prefix}/model/"
        },
        "FinalMetricDataList": _metrics(specification, container.log),
    }


def _mount_checkpoints(job: Job, config: Mapping[str, Any] | None) -> None:
    """Give the job the folder in which it keeps what it needs to go on after an interruption.

    SageMaker copies such a folder to S3 while the job writes it, and back when the job is started
    again. Here it is the same folder, so nothing is lost however the job ends.
    """
    path = (config or {}).get("LocalPath", "/opt/ml/checkpoints")
    folder = job.container.inside(path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if config is None:
        folder.mkdir()
        return
    kept = job.store.path(config["S3Uri"])
    kept.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(kept, target_is_directory=True)


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
