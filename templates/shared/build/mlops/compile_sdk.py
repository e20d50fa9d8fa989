"""The SageMaker SDK with its connections cut: what pipeline definitions are compiled with.

Left to itself the SDK asks IAM and S3, reads defaults from the machine, names uploads by the
clock and reports usage. Here nothing is asked; uploads go to a local directory, under keys that
depend on their content only. Import this inside `mlops.compile.offline_environment`: the SDK
reads the region when it is imported.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from sagemaker.core import processing
from sagemaker.core.local.local_session import LocalSagemakerClient
from sagemaker.core.telemetry import telemetry_logging
from sagemaker.core.utils import install_requirements
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow import steps
from sagemaker.train.model_trainer import ModelTrainer

from mlops.bundle import content_digest, step_bundle
from mlops.local.store import files_below, tree_digest
from mlops.settings import Settings

# Files that tools leave beside sources; they differ between machines.
NOT_CODE = {"__pycache__", ".DS_Store", ".ipynb_checkpoints"}


# The SDK is untyped to mypy, hence "class cannot subclass Any" below.
class OfflineSession(PipelineSession):  # type: ignore[misc]
    """A session that writes what it would upload below `assets/<bucket>/<key>`."""

    def __init__(self, settings: Settings, assets: Path) -> None:
        self._folder = assets
        self._area = settings.s3_uri("assets")
        self._account_id = settings.account_id
        super().__init__(boto_session=_unconnected(settings.region), default_bucket=settings.bucket)
        # Skips the check that the bucket exists.
        self._default_bucket = settings.bucket

    def put(self, files: Mapping[str, bytes], name: str) -> str:
        """Stage a folder of files and return its URI, `…/assets/<name>/<digest of content>`."""
        uri = f"{self._area}/{name}/{content_digest(files)}"
        folder = self._folder / uri.removeprefix("s3://")
        for relative, content in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return uri

    def put_folder(self, source: Path, name: str) -> str:
        """Stage a folder, which may be larger than memory, and return its URI."""
        uri = f"{self._area}/{name}/{tree_digest(source)[:16]}"
        for file in files_below(source):
            target = self._folder / uri.removeprefix("s3://") / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        return uri

    def upload_data(
        self,
        path: str,
        bucket: str | None = None,
        key_prefix: str = "data",
        callback: object = None,
        extra_args: object = None,
    ) -> str:
        """What the SDK itself uploads, such as its training driver; `key_prefix` holds a time."""
        return self.put(read_tree(Path(path)), key_prefix.rsplit("/", 1)[-1])

    def expand_role(self, role: str) -> str:
        """The role as given: looking up a role's ARN asks IAM."""
        return role

    def account_id(self) -> str:
        """The account of `cicd-config.json`: the SDK would ask STS."""
        return self._account_id


class OfflineModelTrainer(ModelTrainer):  # type: ignore[misc]
    """A trainer that does not ask IAM which bucket its role may write to."""

    def _resolve_staging_bucket(self) -> tuple[str, None]:
        return self.sagemaker_session.default_bucket(), None


class DatasetProcessor(processing.Processor):  # type: ignore[misc]
    """A processor that keeps dataset definitions; SDK 3.27 leaves them out of the request."""

    def _get_process_args(self, inputs: Any, outputs: Any, experiment_config: Any) -> Any:
        arguments = super()._get_process_args(inputs, outputs, experiment_config)
        for request, given in zip(arguments["inputs"], inputs, strict=True):
            if given.dataset_definition:
                request["DatasetDefinition"] = given.dataset_definition
        return arguments


@functools.cache
def _unconnected(region: str) -> boto3.Session:
    """A session that no call is made with; kept, because it holds the parsed service models.

    The credentials are no secret: without any the SDK searches the machine for some.
    """
    return boto3.Session(region_name=region, aws_access_key_id="none", aws_secret_access_key="none")


@dataclass(frozen=True)
class Build:
    """What a `pipeline/definition.py` needs to build its pipeline."""

    settings: Settings
    session: OfflineSession
    root: Path

    def stage_step(
        self,
        entry: str,
        settings: Mapping[str, Any],
        *,
        requirements: Path = Path("source/requirements.txt"),
        also: Iterable[str] = (),
    ) -> str:
        """Stage the code of the step whose entry point is `package.module:function`."""
        bundle = step_bundle(
            self.root, entry, settings=settings, requirements=requirements, also=also
        )
        # The SDK's own installer, which training jobs use too: it knows CodeArtifact.
        installer = Path(install_requirements.__file__)
        name = entry.partition(":")[0].rpartition(".")[-1]
        return self.session.put({**bundle.files, **read_tree(installer)}, name)

    def stage_files(self, files: Mapping[str, bytes], name: str) -> str:
        """Stage files that are not code and return the URI of their folder."""
        return self.session.put(files, name)

    def stage_folder(self, folder: Path, name: str) -> str:
        """Stage a folder of files that are not code, such as a model, and return its URI."""
        return self.session.put_folder(folder, name)


@contextmanager
def quiet_sdk() -> Iterator[None]:
    """Without usage reports, and without tags from a Studio project around the checkout.

    A processing step makes a local-mode client, half a second each, to ask for a method's name;
    the class itself answers that as well.
    """
    with (
        mock.patch.object(steps, "LocalSagemakerClient", lambda: LocalSagemakerClient),
        mock.patch.object(telemetry_logging, "_send_telemetry_request", lambda *a, **k: None),
        mock.patch.object(processing, "_append_project_tags", lambda tags, *a, **k: tags),
    ):
        yield


def read_tree(path: Path) -> dict[str, bytes]:
    """The files below a directory, or the one file: relative POSIX path to content."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and not NOT_CODE.intersection(file.parts)
    }
