"""The model registry: versions of the project's model, and who may be deployed.

One interface, two homes: JSON files on this machine, SageMaker in the cloud. Both speak in the
shapes of SageMaker's API.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mlops.errors import CommandError
from mlops.settings import Settings, load_settings

Approval = Literal["Approved", "Rejected", "PendingManualApproval"]
APPROVALS: tuple[Approval, ...] = ("Approved", "Rejected", "PendingManualApproval")
_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):model-package/"
    r"(?P<group>[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)/(?P<version>[0-9]+)"
)
_LONGEST_NOTE = 1024


class RegistryError(CommandError):
    """The registry cannot do what was asked: no such package, a name that is not one."""


@dataclass(frozen=True)
class PackageName:
    """A model package by group and version, as its ARN spells it."""

    group: str
    version: int


@dataclass(frozen=True)
class ModelPackage:
    """A model package; `details` is DescribeModelPackage's answer, a summary's when listed."""

    arn: str
    group: str
    version: int
    approval: str
    created: str
    details: Mapping[str, Any]

    @property
    def model_data(self) -> str | None:
        """Address of the package's model.tar.gz, or of the folder of a model that is not packed."""
        containers = (self.details.get("InferenceSpecification") or {}).get("Containers") or ()
        return next(filter(None, map(model_address, containers)), None)


def model_address(container: Mapping[str, Any]) -> str | None:
    """Where the model of a container definition is; None when it has none."""
    source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
    address = container.get("ModelDataUrl") or source.get("S3Uri")
    return None if address is None else str(address)


class Registry(Protocol):
    """What a registry can do. Every method raises `RegistryError` with the fix."""

    def ensure_group(self, group: str, tags: Mapping[str, str]) -> None:
        """Create the group with `tags` when it is not there."""

    def create(self, request: Mapping[str, Any]) -> ModelPackage:
        """Add a version; `request` is a CreateModelPackage request with its group's name."""

    def list(self, group: str) -> list[ModelPackage]:
        """The group's packages, newest first; empty when there is no such group."""

    def describe(self, arn: str) -> ModelPackage:
        """One package with all its details."""

    def latest_approved(self, group: str) -> ModelPackage | None:
        """The approved package with the highest version."""

    def set_approval(self, arn: str, approval: Approval, note: str | None) -> ModelPackage:
        """Approve or reject a package; `note` says why."""


def package_name(arn: str) -> PackageName:
    """Read the ARN of a versioned package; raises `RegistryError` for anything else."""
    found = _ARN.fullmatch(arn)
    if not found:
        raise RegistryError(
            f"{arn!r} is not a model package: use an ARN such as "
            "arn:aws:sagemaker:eu-west-1:<account>:model-package/<group>/<version> "
            "(`python -m mlops registry list` shows them)",
            exit_code=2,
        )
    return PackageName(found["group"], int(found["version"]))


def open_registry(settings: Settings, home: Literal["local", "cloud"]) -> Registry:
    """The registry of this machine or of the project's account."""
    if home == "local":
        from mlops.local.workspace import open_workspace
        from mlops.registry_local import LocalRegistry

        return LocalRegistry(open_workspace().registry, settings.region, settings.account_id)
    from mlops.registry_sagemaker import SageMakerRegistry

    settings.require("aws.account_id", purpose="The registry in the cloud")
    return SageMakerRegistry.connect(settings.region)


def main(arguments: Sequence[str]) -> int:
    """The command: list, show, approve or reject packages."""
    parser = argparse.ArgumentParser("python -m mlops registry", description=__doc__)
    home = argparse.ArgumentParser(add_help=False)
    where = home.add_mutually_exclusive_group()
    where.add_argument("--local", action="store_true", help="the registry of this machine")
    where.add_argument("--cloud", action="store_true", help="SageMaker's")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", parents=[home], help="the group's packages")
    listing.add_argument("--group", help="another group than the project's")
    listing.add_argument("--json", action="store_true", help="for programs")
    for name, text in (
        ("show", "all that is known of a package"),
        ("approve", "let a package be deployed"),
        ("reject", "keep a package from being deployed"),
    ):
        command = commands.add_parser(name, parents=[home], help=text)
        command.add_argument("arn", help="the package's ARN, or its version in the project's group")
        if name != "show":
            command.add_argument("--note", help="why; kept with the package")
    options = parser.parse_args(arguments)
    settings = load_settings()
    use_local = options.local or (settings.is_local and not options.cloud)
    registry = open_registry(settings, "local" if use_local else "cloud")
    if options.command == "list":
        _list(registry, options.group or settings.model_package_group, as_json=options.json)
        return 0
    arn = options.arn
    if arn.isdigit():
        arn = _by_version(registry, settings.model_package_group, int(arn)).arn
    if options.command == "show":
        print(json.dumps(registry.describe(arn).details, indent=2, default=str))
        return 0
    approval: Approval = "Approved" if options.command == "approve" else "Rejected"
    if options.note and len(options.note) > _LONGEST_NOTE:
        raise RegistryError(f"the note has {len(options.note)} characters, 1024 are allowed")
    package = registry.set_approval(arn, approval, options.note)
    print(f"{package.approval}: {package.arn}")
    return 0


def _by_version(registry: Registry, group: str, version: int) -> ModelPackage:
    for package in registry.list(group):
        if package.version == version:
            return package
    raise RegistryError(f"group {group!r} has no version {version}: `registry list` shows them")


def _list(registry: Registry, group: str, *, as_json: bool) -> None:
    packages = registry.list(group)
    if as_json:
        print(json.dumps([package.details for package in packages], indent=2, default=str))
        return
    if not packages:
        print(f"group {group!r} has no package yet: `make run` registers one", file=sys.stderr)
        return
    width = max(len(package.approval) for package in packages)
    for package in packages:
        print(
            f"{package.version:>4}  {package.approval:<{width}}  {package.created}  {package.arn}"
        )
