"""A copy of this repository that belongs to a project in the cloud, with a stand-in for the CDK.

Only the facts differ from the repository under test; everything else is linked.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aws_stand_in import ACCOUNT, REGION

LINKED = ("app.py", "cdk.json", "components", "config", "operations", "stacks")
SMOKE = ("conftest.py", "test_endpoint.py")
STACK = "aiops-c1d2e3-dev-endpoint"
ENDPOINT = "aiops-c1d2e3-dev"
GROUP = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/aiops-c1d2e3-models"

# Stands for `cdk deploy`: notes its arguments and does to the stand-in what CloudFormation does.
_CDK = """import json, os, pathlib, sys, urllib.request
arguments = sys.argv[1:]
pathlib.Path(os.environ["CDK_LOG"]).write_text(json.dumps(arguments))
assembly = pathlib.Path(arguments[arguments.index("--app") + 1])
summary = json.loads((assembly / "summary.json").read_text())
outputs, mode = summary["outputs"], os.environ["CDK_MODE"]
if mode == "fail":
    print("UPDATE_ROLLBACK_COMPLETE: the endpoint did not stabilize")
    sys.exit(1)
config = outputs["EndpointConfigName"] if mode == "succeed" else "configuration-before"
change = {
    "stacks": {summary["stack"]: {"status": "UPDATE_COMPLETE", "outputs": outputs}},
    "endpoints": {outputs["EndpointName"]: {"status": "InService", "config": config}},
}
if "InferenceComponentName" in outputs:
    serves = outputs["Serves"] if mode == "succeed" else "model-before"
    component = {"status": "InService", "serves": serves}
    change["components"] = {outputs["InferenceComponentName"]: component}
url = os.environ["AWS_ENDPOINT_URL"] + "/_deploy"
urllib.request.urlopen(urllib.request.Request(url, data=json.dumps(change).encode()))
"""


def make_repository(source: Path, target: Path, smoke_tests: Sequence[str] = SMOKE) -> Path:
    """Link the repository at ``source`` into ``target``, with facts, and add the CDK stand-in.

    Of the smoke tests there is what is asked of every model, unless ``smoke_tests`` names others.
    """
    for name in LINKED:
        (target / name).symlink_to(source / name)
    smoke = target / "tests" / "smoke"
    smoke.mkdir(parents=True)
    for name in smoke_tests:
        (smoke / name).symlink_to(source / "tests" / "smoke" / name)
    facts = json.loads((source / "cicd-config.json").read_text())
    facts["project"]["id"] = "c1d2e3"
    facts["aws"] = {"account_id": ACCOUNT, "region": REGION}
    facts["storage"] = {"bucket": "shared", "prefix": "domain/c1d2e3"}
    facts["stages"]["dev"] |= {"account_id": ACCOUNT, "region": REGION}
    (target / "cicd-config.json").write_text(json.dumps(facts))
    (target / "pyproject.toml").write_text((source / "pyproject.toml").read_text())
    (target / "cdk.py").write_text(_CDK)
    cdk = target / "cdk"
    cdk.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{target}/cdk.py" "$@"\n')
    cdk.chmod(0o755)
    return target


def deployed(version: int, *, config: str = "configuration-before") -> dict[str, Any]:
    """A stack whose last deployment put a model version on the endpoint."""
    outputs = {
        "EndpointName": ENDPOINT,
        "EndpointConfigName": config,
        "ModelPackageArn": f"{GROUP}/{version}",
    }
    return {"status": "UPDATE_COMPLETE", "outputs": outputs}
