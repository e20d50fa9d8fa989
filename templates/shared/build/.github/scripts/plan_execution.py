"""Checks the inputs of a pipeline run before any credential exists.

Reads the environment (PARAMETERS: NAME=VALUE pairs; FOLLOW: true or false) and cicd-config.json;
writes the outputs account, region, role and arguments (of `make deploy`).
"""

from __future__ import annotations

import os
import re
import sys

from github_runner import ACCOUNT, ANY, REGION, ROLE, Stop, read_facts, run, show

# Nothing in these sets means anything to a shell or to make: the pairs go through both.
PARAMETER = r"[A-Za-z][A-Za-z0-9]{0,63}=[A-Za-z0-9._:/=@+,-]{1,1024}"

FACTS = {
    "aws.account_id": ACCOUNT,
    "aws.region": REGION,
    "sagemaker.pipeline_role_arn": ROLE,
    "stages.dev.build_role_arn": ROLE,
    "storage.bucket": ANY,
    "storage.prefix": ANY,
}


def arguments(parameters: str, follow: str) -> list[str]:
    """Arguments of `make deploy`. Raises `Stop` that shows the first input that is not allowed."""
    result = []
    for pair in parameters.split():
        if not re.fullmatch(PARAMETER, pair):
            raise Stop(
                f"The input parameters has {show(pair)}. Write NAME=VALUE with spaces between "
                "the pairs; a name has letters and digits, a value letters, digits and any of "
                ". _ : / = @ + , -"
            )
        result += ["--param", pair]
    if follow not in ("", "true", "false"):
        raise Stop(f"The input follow is {show(follow)}: use true or false.")
    return [*result, "--no-follow"] if follow == "false" else result


def plan() -> dict[str, str]:
    """The outputs of the step."""
    chosen = arguments(os.environ.get("PARAMETERS", ""), os.environ.get("FOLLOW", ""))
    facts = read_facts(FACTS, "A run in the cloud")
    return {
        "account": facts["aws.account_id"],
        "region": facts["aws.region"],
        "role": facts["stages.dev.build_role_arn"],
        "arguments": " ".join(chosen),
    }


if __name__ == "__main__":
    sys.exit(run(plan, "No pipeline was started"))
