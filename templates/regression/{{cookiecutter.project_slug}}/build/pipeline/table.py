"""How the table gets into the Prepare step: a file of the repository, S3, or an Athena query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sagemaker.core.shapes import AthenaDatasetDefinition, DatasetDefinition, ProcessingInput
from sagemaker.core.workflow.parameters import ParameterString

from mlops.bundle import content_digest
from mlops.compile_sdk import Build
from pipeline.config import ConfigError, PipelineConfig
from pipeline.jobs import folder

# The version of data whose content the compiler does not see; `mlops deploy` replaces it.
UNVERSIONED = "unversioned"


@dataclass(frozen=True)
class Table:
    """Prepare's input, and the pipeline parameters that choose and name the data."""

    input: ProcessingInput
    version: ParameterString
    parameters: tuple[ParameterString, ...]


def table(build: Build, config: PipelineConfig) -> Table:
    """The table of `data.source`; raises `ConfigError` when it is a file that is not there."""
    data = config.data
    if data.kind == "athena":
        version = ParameterString("DataVersion", default_value=UNVERSIONED)
        return Table(_athena(build, config), version, (version,))
    uri, digest = data.source, UNVERSIONED
    if data.kind == "file":
        path = build.root / data.source
        if not path.is_file():
            raise ConfigError(
                f"config/pipeline.yaml: data.source: {data.source!r} does not exist; "
                "put the table there, or write the sample table with `make data`"
            )
        files = {path.name: path.read_bytes()}
        uri, digest = build.stage_files(files, "data"), content_digest(files)
    address = ParameterString("InputDataUri", default_value=uri)
    version = ParameterString("DataVersion", default_value=digest)
    return Table(folder("data", address), version, (address, version))


def _athena(build: Build, config: PipelineConfig) -> ProcessingInput:
    """A query that SageMaker runs with the job's role; the job finds its result as Parquet."""
    database, name = config.data.athena_table
    options: dict[str, Any] = {}
    if build.settings.catalog.athena_workgroup:
        options["work_group"] = build.settings.catalog.athena_workgroup
    if config.compute.kms_key:
        options["kms_key_id"] = config.compute.kms_key
    return ProcessingInput(
        input_name="data",
        dataset_definition=DatasetDefinition(
            local_path="/opt/ml/processing/input/data",
            data_distribution_type="FullyReplicated",
            input_mode="File",
            athena_dataset_definition=AthenaDatasetDefinition(
                catalog="AwsDataCatalog",
                database=database,
                query_string=config.data.query or f'SELECT * FROM "{database}"."{name}"',
                output_s3_uri=build.settings.s3_uri("athena"),
                output_format="PARQUET",
                **options,
            ),
        ),
    )
