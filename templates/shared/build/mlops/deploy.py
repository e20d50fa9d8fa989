"""`python -m mlops deploy`: brings the pipeline to SageMaker, starts it and follows it.

Uploads what the compiled definition refers to, creates or updates the pipeline and its model
package group, starts an execution and reports how it ended. Every part can be repeated: after an
interruption the next deployment does what is missing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from mlops.check import check_definition
from mlops.check.definition import Definition, read_definition
from mlops.compile import CompiledPipeline, compile_pipeline
from mlops.deploy_assets import staged_assets, upload_assets
from mlops.deploy_cloud import Cloud, CloudError, connect
from mlops.deploy_follow import Follower
from mlops.deploy_inputs import COMMIT, cloud_values, local_values
from mlops.deploy_pipeline import (
    ensure_group,
    ensure_pipeline,
    execution_parameters,
    start_execution,
)
from mlops.deploy_record import read_evaluation, run_record
from mlops.errors import CommandError
from mlops.local.command import ended_by_signals
from mlops.local.parameters import all_parameters
from mlops.local.workspace import open_workspace, write_json
from mlops.settings import CLOUD_FACTS, Settings, load_settings
from mlops.summary import RunRecord, duration, render

LAST_DEPLOY = "last_deploy.json"

console = Console(highlight=False, soft_wrap=True, markup=False)


def main(arguments: Sequence[str]) -> int:
    """The command: 0 when it did what was asked, 1 when the execution did not succeed."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    settings.require(*CLOUD_FACTS, purpose="A deployment")
    compiled = compile_pipeline()
    definition = read_definition(_checked(compiled))
    values = local_values(definition, options.param)
    if options.dry_run:
        _show_plan(settings, compiled, all_parameters(definition, values))
        return 0
    with ended_by_signals():
        cloud = connect(settings, kms_key(compiled.definition))
        arn = options.execution
        if arn is None:
            values |= cloud_values(definition, values, cloud, settings, console.print)
            all_parameters(definition, values)
            bring(cloud, settings, compiled)
            arn = start_execution(cloud, settings, values)
            console.print(f"started {arn}")
        else:
            values = dict(execution_parameters(cloud, arn))
        if not options.follow:
            return 0
        try:
            record = follow(cloud, settings, definition, values, arn)
        except (KeyboardInterrupt, CloudError):
            console.print(
                "no longer following; the execution goes on. To follow it again: "
                f"python -m mlops deploy --execution {arn}"
            )
            raise
    return report(record, definition, options.summary)


def bring(cloud: Cloud, settings: Settings, compiled: CompiledPipeline) -> None:
    """Upload the assets, then make group and pipeline what the sources say. Raises `CloudError`."""
    assets = staged_assets(compiled.assets)
    uploaded = upload_assets(cloud, assets)
    console.print(f"uploaded {uploaded} files, {len(assets) - uploaded} were there")
    ensure_group(cloud, settings)
    change = ensure_pipeline(cloud, settings, compiled.definition)
    console.print(f"pipeline {settings.pipeline_name} {change}")


def follow(
    cloud: Cloud,
    settings: Settings,
    definition: Definition,
    values: Mapping[str, Any],
    arn: str,
    follower: Follower | None = None,
) -> RunRecord:
    """Follow the execution to its end; its record. Raises `CloudError` when that is impossible."""
    followed = (follower or Follower(cloud, console.print)).follow(arn)
    evaluation = None
    try:
        evaluation = read_evaluation(cloud, definition, followed)
    except CloudError as error:
        # The execution has ended; that its figures cannot be shown here changes nothing about it.
        console.print(f"the metrics cannot be shown: {error}")
    _tag_run(settings, followed.execution_id, values)
    parameters = {name: item.default for name, item in definition.parameters.items()}
    return run_record(followed, definition, parameters | dict(values), evaluation, settings)


def report(record: RunRecord, definition: Definition, summary: Path | None) -> int:
    """Write the record and the Markdown, say how it ended; the command's exit code."""
    path = open_workspace().root / LAST_DEPLOY
    write_json(path, record.model_dump(mode="json"))
    if summary is not None:
        with summary.open("a", encoding="utf-8") as file:
            file.write(render(record, definition))
    for name, value in record.metrics.items():
        console.print(f"{name:<18} {value:.4g}")
    if record.status != "Succeeded":
        raise CommandError(
            f"the execution {record.execution_id} has {record.status.lower()} after "
            f"{duration(record.seconds)}:\n{record.failure_reason}"
        )
    console.print(f"succeeded in {duration(record.seconds)}")
    if record.model_package_arn:
        console.print(f"registered {record.model_package_arn}")
    return 0


def kms_key(definition: Mapping[str, Any]) -> str | None:
    """The key that the pipeline's jobs encrypt their outputs with; uploads use the same."""
    for step in definition["Steps"]:
        for output in ("OutputDataConfig", "ProcessingOutputConfig"):
            key = step["Arguments"].get(output, {}).get("KmsKeyId")
            if isinstance(key, str):
                return key
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m mlops deploy", description=__doc__)
    parser.add_argument(
        "--param",
        "--parameter",
        "-p",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the pipeline; may be repeated",
    )
    parser.add_argument(
        "--no-follow", dest="follow", action="store_false", help="start it and return"
    )
    parser.add_argument("--execution", metavar="ARN", help="only follow this one; start none")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done; ask AWS nothing"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="append Markdown to this file")
    return parser


def _checked(compiled: CompiledPipeline) -> Mapping[str, Any]:
    errors = [item for item in check_definition(compiled.definition) if item.severity == "error"]
    if errors:
        raise CommandError("\n".join(["SageMaker would refuse the pipeline:", *map(str, errors)]))
    return compiled.definition


def _show_plan(
    settings: Settings, compiled: CompiledPipeline, parameters: Mapping[str, Any]
) -> None:
    assets = staged_assets(compiled.assets)
    size = sum(asset.path.stat().st_size for asset in assets) / 1024
    console.print(f"account     {settings.account_id}, {settings.region}")
    console.print(f"role        {settings.role_arn}")
    console.print(f"upload      {len(assets)} files, {size:.0f} KiB, to {settings.s3_uri()}")
    console.print(f"group       {settings.model_package_group}")
    console.print(f"pipeline    {settings.pipeline_name}")
    for name, value in sorted(parameters.items()):
        console.print(f"parameter   {name}={value}")
    console.print("nothing was changed")


def _tag_run(settings: Settings, execution: str, values: Mapping[str, Any]) -> None:
    """Note the commit in MLflow; a step cannot, since it must not depend on it."""
    if settings.mlflow.tracking_arn is None or COMMIT not in values:
        return
    os.environ["MLFLOW_TRACKING_URI"] = settings.mlflow.tracking_arn
    os.environ["MLFLOW_EXPERIMENT_NAME"] = settings.pipeline_name
    from mlops.tracking import tag_execution

    try:
        tag_execution(execution, {"git_sha": str(values[COMMIT])})
    except Exception as error:  # whatever a tracking plugin raises: the model is built already
        console.print(f"the commit could not be noted in MLflow: {error}")
