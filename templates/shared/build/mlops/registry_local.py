"""The registry of this machine: a directory per group, a JSON file per version.

Files hold what DescribeModelPackage would answer.
"""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops.registry import APPROVALS, Approval, ModelPackage, RegistryError, package_name

_GROUP = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NOT_DESCRIBED = ("Tags", "ClientToken")


class LocalRegistry:
    """Model packages below `root`; safe to use from several processes at once."""

    def __init__(self, root: Path, region: str, account_id: str) -> None:
        self._root = root
        self._region = region
        self._account_id = account_id

    def ensure_group(self, group: str, tags: Mapping[str, str]) -> None:
        """Create the group's directory with its tags."""
        folder = self._folder(group)
        folder.mkdir(parents=True, exist_ok=True)
        _place(folder / "group.json", {"ModelPackageGroupName": group, "Tags": dict(tags)})

    def create(self, request: Mapping[str, Any]) -> ModelPackage:
        """Write the next version's file; two at once get two versions."""
        group = str(request.get("ModelPackageGroupName", ""))
        if group.startswith("arn:"):
            group = group.rpartition("/")[2]
        approval = request.get("ModelApprovalStatus", "PendingManualApproval")
        if approval not in APPROVALS:
            raise RegistryError(f"{approval!r} is not one of {', '.join(APPROVALS)}")
        self.ensure_group(group, {})
        details = {key: value for key, value in request.items() if key not in _NOT_DESCRIBED}
        version = max((package.version for package in self.list(group)), default=0) + 1
        while True:
            # A package of a group has no name; the service answers with its version's.
            arn = self._arn(group, version)
            described = {
                **details,
                "ModelPackageName": f"{group}-{version}"[-63:].lstrip("-"),
                "ModelPackageGroupName": group,
                "ModelPackageVersion": version,
                "ModelPackageArn": arn,
                "CreationTime": _now(),
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                "ModelApprovalStatus": approval,
            }
            if _place(self._folder(group) / f"{version}.json", described):
                return _package(described)
            version += 1

    def list(self, group: str) -> list[ModelPackage]:
        """The group's packages, newest first."""
        files = (path for path in self._folder(group).glob("*.json") if path.stem.isdigit())
        packages = [_package(json.loads(path.read_text(encoding="utf-8"))) for path in files]
        return sorted(packages, key=lambda package: package.version, reverse=True)

    def describe(self, arn: str) -> ModelPackage:
        """One package."""
        try:
            return _package(json.loads(self._file(arn).read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise RegistryError(
                f"there is no {arn} in {self._root}: `python -m mlops registry list` shows "
                "what there is"
            ) from error

    def latest_approved(self, group: str) -> ModelPackage | None:
        """The approved package with the highest version."""
        approved = (package for package in self.list(group) if package.approval == "Approved")
        return next(approved, None)

    def set_approval(self, arn: str, approval: Approval, note: str | None) -> ModelPackage:
        """Change the approval in the package's file, one change after the other."""
        file = self._file(arn)
        self.describe(arn)
        with _locked(file.parent):
            details = dict(self.describe(arn).details)
            details |= {"ModelApprovalStatus": approval, "LastModifiedTime": _now()}
            if note is not None:
                details["ApprovalDescription"] = note
            _replace(file, details)
        return _package(details)

    def _folder(self, group: str) -> Path:
        if not _GROUP.fullmatch(group):
            raise RegistryError(
                f"{group!r} is not a group's name: use letters, digits and inner hyphens, "
                "at most 63 characters"
            )
        return self._root / group

    def _file(self, arn: str) -> Path:
        name = package_name(arn)
        if arn != self._arn(name.group, name.version):
            raise RegistryError(
                f"{arn} is of another account or region than {self._account_id} in "
                f"{self._region}: look it up with --cloud"
            )
        return self._folder(name.group) / f"{name.version}.json"

    def _arn(self, group: str, version: int) -> str:
        place = f"arn:aws:sagemaker:{self._region}:{self._account_id}"
        return f"{place}:model-package/{group}/{version}"


def _package(details: Mapping[str, Any]) -> ModelPackage:
    return ModelPackage(
        arn=details["ModelPackageArn"],
        group=details["ModelPackageGroupName"],
        version=details["ModelPackageVersion"],
        approval=details["ModelApprovalStatus"],
        created=details["CreationTime"],
        details=details,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _written(folder: Path, value: Any) -> Path:
    """A finished temporary file beside the others."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps(value, indent=2, default=str) + "\n")
    path = Path(name)
    path.chmod(0o644)
    return path


def _place(path: Path, value: Any) -> bool:
    """Write a file that is not there yet; False, and nothing changed, when it is."""
    finished = _written(path.parent, value)
    try:
        # Unlike a rename, a link fails when the name is taken.
        path.hardlink_to(finished)
    except FileExistsError:
        return False
    finally:
        finished.unlink()
    return True


def _replace(path: Path, value: Any) -> None:
    finished = _written(path.parent, value)
    try:
        finished.replace(path)
    except BaseException:
        finished.unlink(missing_ok=True)
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
