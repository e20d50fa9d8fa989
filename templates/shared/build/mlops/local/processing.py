"""Processing jobs: CreateProcessingJob requests, run on this machine."""

from collections.abc import Mapping
from typing import Any

from mlops.local.jobs import Answer, Job, adapt_scripts, explained, require
from mlops.local.process import JobFailedError


def process(job: Job, request: Mapping[str, Any]) -> Answer:
    """Run a request whose variables are resolved; returns what DescribeProcessingJob would."""
    for item in request.get("ProcessingInputs") or ():
        source = item.get("S3Input")
        if source is None:
            raise JobFailedError(
                f"input {item['InputName']!r} comes from a query, which cannot run here: "
                "give a local file instead with --data FILE"
            )
        require(source, "S3DataType", "S3Prefix")
        require(source, "S3CompressionType", "None")
        job.download(source["S3Uri"], source["LocalPath"])
    adapt_scripts(job.container, job.container.inside("/opt/ml/processing"))
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
    with explained(job.container):
        job.run(request["AppSpecification"], environment, request.get("StoppingCondition"))
    for item in outputs:
        source = item["S3Output"]
        job.store.upload(job.container.inside(source["LocalPath"]), source["S3Uri"])
    return {**described, "ProcessingJobStatus": "Completed"}
