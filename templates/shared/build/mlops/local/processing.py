"""Processing jobs: CreateProcessingJob requests, run on this machine.

A job of several instances runs one after the other, each in a directory of its own, with its part
of the inputs that are dealt out by key. Instances that wait for each other cannot run this way.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlops.local.container import Container, open_container
from mlops.local.jobs import Answer, Job, adapt_scripts, exit_message, explained, require
from mlops.local.process import JobFailedError
from mlops.local.store import files_below, tree_digest

_DEALT_OUT = "ShardedByS3Key"


def process(job: Job, request: Mapping[str, Any]) -> Answer:
    """Run a request whose variables are resolved; returns what DescribeProcessingJob would."""
    name = job.name()
    arn = job.facts.arn(f"processing-job/{name}")
    described = {"ProcessingJobArn": arn, "ProcessingJobName": name, **request}
    cluster = (request.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    hosts = [f"algo-{number + 1}" for number in range(cluster.get("InstanceCount", 1))]
    written: dict[tuple[str, str], tuple[str, str]] = {}
    messages = []
    for index, host in enumerate(hosts):
        with _instance(job, host, alone=len(hosts) == 1) as instance:
            _bring_inputs(instance, request, (index, len(hosts)))
            _run(instance, described, host, hosts)
            for item in _outputs(request):
                source = item["S3Output"]
                folder = instance.container.inside(source["LocalPath"])
                if len(hosts) > 1:
                    _check_collisions(instance, item, host, written)
                job.store.upload(folder, source["S3Uri"])
            messages += exit_message(instance.container)
    told = {"ExitMessage": "; ".join(messages)} if messages else {}
    return {**described, "ProcessingJobStatus": "Completed", **told}


@contextmanager
def _instance(job: Job, host: str, *, alone: bool) -> Iterator[Job]:
    """The job on one of its instances; what the instance prints joins the job's log."""
    if alone:
        yield job
        return
    whole: Container = job.container
    place = (whole.root / host, whole.workspace, whole.region, whole.credentials)
    with open_container(*place) as container:
        try:
            yield dataclasses.replace(
                job, container=container, on_line=lambda text: job.on_line(f"[{host}] {text}")
            )
        finally:
            if container.log.is_file():
                with whole.log.open("ab") as log:
                    log.write(f"--- {host}\n".encode() + container.log.read_bytes())


def _bring_inputs(job: Job, request: Mapping[str, Any], part: tuple[int, int]) -> None:
    for item in request.get("ProcessingInputs") or ():
        source = item.get("S3Input")
        if source is None:
            raise JobFailedError(
                f"input {item['InputName']!r} comes from a query, which cannot run here: "
                "give a local file instead with --data FILE"
            )
        require(source, "S3DataType", "S3Prefix")
        require(source, "S3CompressionType", "None")
        dealt_out = source.get("S3DataDistributionType") == _DEALT_OUT
        job.download(source["S3Uri"], source["LocalPath"], part if dealt_out else (0, 1))
    adapt_scripts(job.container, job.container.inside("/opt/ml/processing"))


def _run(job: Job, described: Mapping[str, Any], host: str, hosts: list[str]) -> None:
    for item in _outputs(described):
        job.container.inside(item["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    job.write("/opt/ml/config/processingjobconfig.json", described)
    job.write("/opt/ml/config/resourceconfig.json", {"current_host": host, "hosts": hosts})
    environment = {
        **(described.get("Environment") or {}),
        "PROCESSING_JOB_ARN": described["ProcessingJobArn"],
        # Training jobs are told this by the SDK's driver; processing jobs look for /opt/ml/output.
        "SM_OUTPUT_DIR": "/opt/ml/output",
    }
    job.container.inside("/opt/ml/output").mkdir()
    with explained(job.container):
        job.run(described["AppSpecification"], environment, described.get("StoppingCondition"))


def _check_collisions(
    job: Job, output: Mapping[str, Any], host: str, written: dict[tuple[str, str], tuple[str, str]]
) -> None:
    """Refuse two instances' different files of one name: in S3 one would replace the other."""
    folder = job.container.inside(output["S3Output"]["LocalPath"])
    for file in files_below(folder):
        name = file.relative_to(folder).as_posix()
        digest = tree_digest(file)
        before = written.setdefault((output["OutputName"], name), (host, digest))
        if before[1] != digest:
            raise JobFailedError(
                f"{before[0]} and {host} have both written {name!r} to output "
                f"{output['OutputName']!r}, and in S3 one replaces the other: name files by what "
                "they are made from, or by the instance (current_host in resourceconfig.json)"
            )


def _outputs(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((request.get("ProcessingOutputConfig") or {}).get("Outputs") or ())
