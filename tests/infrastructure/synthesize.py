"""Synthesizes everything that the tests look at, in one process: the CDK takes long to start.

    python synthesize.py ZIP FOLDER       (with the Python beside the CDK)

Writes FOLDER/{full,minimal,again}/ and FOLDER/findings.json: what the rules say of a bad stack.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from generator.config import Config
from generator.infrastructure.configuration import read_configuration
from generator.infrastructure.origin import origin_of
from generator.infrastructure.packaging.platforms import Architecture
from generator.infrastructure.synthesis import synthesize

ARM = Architecture.ARM64


def main(package: Path, folder: Path) -> None:
    example = read_configuration()
    small = read_configuration(Path(__file__).with_name("minimal.toml"))
    full, minimal = example.config, small.config
    synthesize(
        full,
        package=package,
        architecture=ARM,
        output=folder / "full",
        origin=origin_of(example),
    )
    synthesize(
        minimal,
        package=package,
        architecture=Architecture.X86_64,
        output=folder / "minimal",
        origin=origin_of(small),
    )
    from generator.infrastructure.components.step_function import Bundle
    from generator.infrastructure.stacks.app import build

    build(full, Bundle(package, ARM), folder / "again").synth()
    findings = bad_stack_findings(minimal, package, folder / "bad")
    (folder / "findings.json").write_text(json.dumps(findings))


def bad_stack_findings(config: Config, package: Path, directory: Path) -> str:
    """What stops a stack with a queue that takes plain connections and a role that may all."""
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_sqs as sqs

    from generator.infrastructure.components.step_function import Bundle
    from generator.infrastructure.stacks.app import build

    app = build(config, Bundle(package, Architecture.X86_64), directory)
    stack = app.node.find_child("factory-control-plane")
    sqs.Queue(stack, "Open")
    role = stack.node.find_child("Describe").node.find_child("Role")
    assert isinstance(role, iam.Role)
    role.add_to_policy(
        iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/*"])
    )
    try:
        app.synth()
    except RuntimeError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
