"""How data gets into the first step: from the repository, S3, or an Athena query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.shapes import AthenaDatasetDefinition, DatasetDefinition, ProcessingInput
from sagemaker.core.workflow.parameters import ParameterString

from mlops.bundle import content_digest
from mlops.compile_sdk import Build
from mlops.local.store import files_below
from pipeline.configuration import ConfigError
from pipeline.jobs import folder
from pipeline.sources import athena_table, source_kind

# The version of data whose content the compiler does not see; `mlops deploy` replaces it.
UNVERSIONED = "unversioned"


@dataclass(frozen=True)
class DataInput:
    """An input of the first step, and the pipeline parameters that choose and name the data."""

    input: ProcessingInput
    version: ParameterString
    parameters: tuple[ParameterString, ...]


def data_input(
    build: Build,
    source: str,
    *,
    query: str | None = None,
    kms_key: str | None = None,
    name: str = "data",
    key: str = "data.source",
    address: str = "InputDataUri",
    version: str = "DataVersion",
) -> DataInput:
    """The input `name` that holds what `source` refers to.

    `key` is where the source stands in the configuration; `address` and `version` are the
    pipeline's parameters for it. Raises `ConfigError` for a file or folder that is not there.
    """
    if source_kind(source) == "athena":
        unversioned = ParameterString(version, default_value=UNVERSIONED)
        asked = _athena(build, name, source, query, kms_key)
        return DataInput(asked, unversioned, (unversioned,))
    uri, digest = source, UNVERSIONED
    if source_kind(source) == "file":
        uri, digest = _staged(build, source, name, key)
    place = ParameterString(address, default_value=uri)
    versioned = ParameterString(version, default_value=digest)
    return DataInput(folder(name, place), versioned, (place, versioned))


def _staged(build: Build, source: str, name: str, key: str) -> tuple[str, str]:
    """Address and digest of a file or folder of the repository, staged for upload."""
    path = build.root / source
    if path.is_dir():
        if next(files_below(path), None) is None:
            raise ConfigError(
                f"config/pipeline.yaml: {key}: the folder {source!r} is empty; "
                "put the files there, or write the sample data with `make data`"
            )
        uri = build.stage_folder(path, name)
        # The last part of a staged folder's address is the digest of its content.
        return uri, uri.rpartition("/")[2]
    if not path.is_file():
        raise ConfigError(
            f"config/pipeline.yaml: {key}: {source!r} does not exist; "
            "put the file there, or write the sample data with `make data`"
        )
    files = {path.name: path.read_bytes()}
    return build.stage_files(files, name), content_digest(files)


def _athena(
    build: Build, name: str, source: str, query: str | None, kms_key: str | None
) -> ProcessingInput:
    """A query that SageMaker runs with the job's role; the job finds its result as Parquet."""
    database, table = athena_table(source)
    options: dict[str, Any] = {}
    if build.settings.catalog.athena_workgroup:
        options["work_group"] = build.settings.catalog.athena_workgroup
    if kms_key:
        options["kms_key_id"] = kms_key
    return ProcessingInput(
        input_name=name,
        dataset_definition=DatasetDefinition(
            local_path=f"/opt/ml/processing/input/{name}",
            data_distribution_type="FullyReplicated",
            input_mode="File",
            athena_dataset_definition=AthenaDatasetDefinition(
                catalog="AwsDataCatalog",
                database=database,
                query_string=query or f'SELECT * FROM "{database}"."{table}"',
                output_s3_uri=build.settings.s3_uri("athena"),
                output_format="PARQUET",
                **options,
            ),
        ),
    )
