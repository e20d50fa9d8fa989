"""Deploys a synthesized assembly to the emulator as the CDK's command does to AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chain.bridges import bridged
from tests.chain.bundle import with_bootstrap
from tests.chain.emulator import REGION, Emulator, Unexpected, waited
from tests.chain.environments import Runtime

Document = dict[str, Any]
BOOTSTRAP_VERSION = "30"
STACK_SECONDS = 90.0


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly. assets: key in the account's bucket -> file."""

    name: str
    account: str
    template: Document
    bucket: str
    assets: Mapping[str, Path]


@dataclass(frozen=True)
class Deployed:
    """A stack that stands. resources: logical id -> (type, physical id)."""

    name: str
    account: str
    outputs: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]


def stacks_of(assembly: Path) -> list[Stack]:
    """Return the stacks of an assembly, those that others depend on first."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    found = {
        name: artifact
        for name, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    ordered: list[str] = []

    def place(name: str) -> None:
        for needed in found[name].get("dependencies", []):
            if needed in found and needed not in ordered:
                place(needed)
        if name not in ordered:
            ordered.append(name)

    for name in sorted(found):
        place(name)
    return [_stack(name, found[name], assembly) for name in ordered]


def deploy(stack: Stack, emulator: Emulator, runtime: Runtime) -> Deployed:
    """Upload the assets and create the stack. Raises Unexpected with what failed."""
    _upload(stack, emulator, runtime)
    template, besides = bridged(stack.template)
    # A stack cannot be empty.
    deployed = _create(stack, template, emulator) if template["Resources"] else None
    for make, properties in besides:
        make(emulator, stack.account, properties)
    return deployed or Deployed(stack.name, stack.account, {}, {})


def _create(stack: Stack, template: Document, emulator: Emulator) -> Deployed:
    # Too long for a request: it is read from the bucket, as the CDK's command has it.
    key = f"{stack.name}.template.json"
    s3 = emulator.client("s3", stack.account)
    s3.put_object(Bucket=stack.bucket, Key=key, Body=json.dumps(template).encode())
    cloudformation = emulator.client("cloudformation", stack.account)
    cloudformation.create_stack(
        StackName=stack.name,
        TemplateURL=f"{emulator.url}/{stack.bucket}/{key}",
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    outputs = waited(
        f"the stack {stack.name}", lambda: _created(cloudformation, stack.name), STACK_SECONDS
    )
    listed = cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    resources = {
        each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
        for each in listed
    }
    lost = sorted(set(template["Resources"]) - set(resources))
    if lost:
        raise Unexpected(f"{stack.name} lacks {', '.join(lost)}")
    return Deployed(stack.name, stack.account, outputs, resources)


def _stack(name: str, artifact: Document, assembly: Path) -> Stack:
    account = artifact["environment"].removeprefix("aws://").partition("/")[0]
    listed = json.loads((assembly / f"{name}.assets.json").read_text())["files"].values()
    assets, bucket = {}, ""
    for asset in listed:
        if asset["source"]["packaging"] != "file":
            raise Unexpected(f"{name}: an asset that is to be packed: {asset['source']}")
        (destination,) = asset["destinations"].values()
        bucket = destination["bucketName"]
        assets[destination["objectKey"]] = assembly / asset["source"]["path"]
    template = json.loads((assembly / artifact["properties"]["templateFile"]).read_text())
    return Stack(name, account, template, bucket, assets)


def _upload(stack: Stack, emulator: Emulator, runtime: Runtime) -> None:
    """Do what `cdk bootstrap` and the upload of assets do."""
    s3 = emulator.client("s3", stack.account)
    if stack.bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(
            Bucket=stack.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        version = "/cdk-bootstrap/hnb659fds/version"
        ssm = emulator.client("ssm", stack.account)
        ssm.put_parameter(Name=version, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True)
    for key, file in stack.assets.items():
        body = with_bootstrap(file, runtime) if file.suffix == ".zip" else file.read_bytes()
        s3.put_object(Bucket=stack.bucket, Key=key, Body=body)


def _created(cloudformation: Any, name: str) -> Mapping[str, str] | None:
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    status = stack["StackStatus"]
    if status == "CREATE_IN_PROGRESS":
        return None
    if status != "CREATE_COMPLETE":
        listed = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in listed
            if event["ResourceStatus"].endswith("FAILED")
        ]
        raise Unexpected(f"{name} is {status}: {'; '.join(reasons)}")
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
