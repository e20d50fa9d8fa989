"""Checks the inputs of a deployment before any credential exists.

Reads the environment (STAGE, MODEL_PACKAGE_ARN and, to be compared with the ARN when they are
given, MODEL_PACKAGE_GROUP and VERSION) and cicd-config.json; writes the outputs account, region,
role and model_package_arn.
"""

from __future__ import annotations

import os
import re
import sys

from github_runner import ACCOUNT, ANY, REGION, ROLE, Stop, has_fact, read_facts, run, show

STAGES = ("dev", "test", "prod")
LOCAL_ACCOUNT = "000000000000"
MODEL_PACKAGE_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]{1,25}):(?P<account>[0-9]{12})"
    r":model-package/(?P<group>[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62})/(?P<version>[1-9][0-9]{0,8})"
)


def model_package(arn: str, group: str, version: str, region: str) -> str:
    """The ARN, if it names a version of the group that a stage in `region` can run.

    Raises `Stop` that shows the value which is wrong.
    """
    if not arn:
        raise Stop("The input model_package_arn is empty: give the ARN of an approved version.")
    match = MODEL_PACKAGE_ARN.fullmatch(arn)
    if not match:
        raise Stop(
            f"The input model_package_arn is {show(arn)}. It has the form "
            "arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION."
        )
    if match["account"] == LOCAL_ACCOUNT:
        raise Stop(f"{arn} is a version of a local registry: only SageMaker's can be deployed.")
    if match["region"] != region:
        raise Stop(f"{arn} is in {match['region']}, the stage in {region}: they must be the same.")
    for name, given, expected in (
        ("model_package_group", group, match["group"]),
        ("version", version, match["version"]),
    ):
        if given and given != expected:
            raise Stop(f"The input {name} is {show(given)}, but {arn} says {expected}.")
    return arn


def plan() -> dict[str, str]:
    """The outputs of the step."""
    stage = os.environ.get("STAGE", "")
    if stage not in STAGES:
        raise Stop(f"The input stage is {show(stage)}: use one of {', '.join(STAGES)}.")
    account, role = f"stages.{stage}.account_id", f"stages.{stage}.deploy_role_arn"
    # A stage that names no region of its own is in the project's.
    own_region = f"stages.{stage}.region"
    region = own_region if has_fact(own_region) else "aws.region"
    facts = read_facts(
        {
            account: ACCOUNT,
            role: ROLE,
            region: REGION,
            "storage.bucket": ANY,
            "storage.prefix": ANY,
        },
        f"A deployment to {stage}",
    )
    arn = model_package(
        os.environ.get("MODEL_PACKAGE_ARN", ""),
        os.environ.get("MODEL_PACKAGE_GROUP", ""),
        os.environ.get("VERSION", ""),
        facts[region],
    )
    return {
        "account": facts[account],
        "region": facts[region],
        "role": facts[role],
        "model_package_arn": arn,
    }


if __name__ == "__main__":
    sys.exit(run(plan, "Nothing was deployed"))
