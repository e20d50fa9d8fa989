"""Turns a command line into one CDK app for each stage, checked against the security rules.

The same entry point serves `python app.py` (every stage, or one) and the CDK command line
(`cdk synth -c stage=dev -c model_package_arn=...`).
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, cast

from aws_cdk import App, Stack, Validations
from cdk_nag import AwsSolutionsChecks

from components.deployment import Deployment, plan
from components.errors import ConfigurationError
from components.model_package import ARTIFACT
from components.settings import STAGES, Stage, load_settings
from components.stage_config import Configuration
from components.synthesis_summary import OUTPUT_DIRECTORY, Summary, write_summary

CDK_FILE = Path("cdk.json")


@dataclass(frozen=True)
class Application(Generic[Configuration]):
    """The kind of stack that a stage gets, and the schema of its config/<stage>.yaml.

    ``stack`` is called with the CDK app and ``deployment``, which has all that it needs.
    """

    stack: Callable[..., Stack]
    schema: type[Configuration]


def feature_flags() -> dict[str, Any]:
    """The context of cdk.json, which decides how the CDK's own constructs behave."""
    context: dict[str, Any] = json.loads(CDK_FILE.read_text(encoding="utf-8"))["context"]
    return context


def new_app(directory: Path | None = None) -> App:
    """An app that fails to synthesize when a security rule finds something.

    Under the CDK command line, directory and context come from its environment variables.
    """
    app = App(
        outdir=str(directory) if directory else None,
        context=feature_flags(),
        # Would add a resource that differs between library versions only.
        analytics_reporting=False,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def main(application: Application[Configuration], arguments: Sequence[str] | None = None) -> int:
    """Synthesize what the command line asks for; returns the exit code."""
    if "CDK_OUTDIR" in os.environ:  # started by the CDK command line
        return reported(lambda: _synthesize_for_cdk(application))
    return reported(lambda: _synthesize_stages(application, arguments))


def reported(synthesize: Callable[[], None]) -> int:
    """Synthesize, and say on standard error what is wrong; returns the exit code."""
    try:
        synthesize()
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except RuntimeError as error:  # how an error of the CDK's other half arrives
        if "ValidationFailed" not in str(error):
            raise
        # The CDK prints the findings itself or puts them here, before the place of its report.
        findings = str(error).removeprefix("ValidationFailed: ").partition("A copy of this")[0]
        if "Acknowledge with" in findings:
            print(findings.strip(), file=sys.stderr)
        print("error: the stack breaks the rules listed above", file=sys.stderr)
        return 1
    return 0


def _synthesize_for_cdk(application: Application[Configuration]) -> None:
    app = new_app()
    stage, arn = (app.node.try_get_context(key) for key in ("stage", "model_package_arn"))
    if stage not in STAGES or not arn:
        raise ConfigurationError(
            f"the context has stage={stage!r} and model_package_arn={arn!r}; add"
            f" -c stage={'|'.join(STAGES)} -c model_package_arn=ARN, or use make deploy"
        )
    deployment = plan(
        cast(Stage, stage),
        model_package_arn=arn,
        settings=load_settings(),
        schema=application.schema,
    )
    _report_placeholders(deployment)
    application.stack(app, deployment=deployment)
    app.synth()


def _synthesize_stages(
    application: Application[Configuration], arguments: Sequence[str] | None
) -> None:
    options = _parse(arguments)
    settings = load_settings()
    # Check everything before writing anything.
    plans = [
        plan(
            stage,
            model_package_arn=options.model_package_arn,
            settings=settings,
            schema=application.schema,
            artifact_uri=options.artifact_uri,
            immediately=options.immediately,
        )
        for stage in options.stage or STAGES
    ]
    for deployment in plans:
        _report_placeholders(deployment)
        summary = _synthesize(application, deployment, OUTPUT_DIRECTORY / deployment.stage)
        print(f"{deployment.stage}: {summary.template} ({summary.resources} resources)")
        if "EstimatedCost" in summary.outputs:
            print(f"{deployment.stage}: {summary.outputs['EstimatedCost']}")


def _synthesize(
    application: Application[Configuration], deployment: Deployment[Configuration], directory: Path
) -> Summary:
    stack = assemble(lambda app: application.stack(app, deployment=deployment), directory)
    return write_summary(
        directory,
        stack=stack,
        stage=deployment.stage,
        package_arn=deployment.package.arn,
        placeholders=deployment.placeholders,
    )


def assemble(make: Callable[[App], Stack], directory: Path) -> Stack:
    """Write the assembly of the stack that ``make`` gives an app.

    The directory appears only when it is complete, and without findings of the security rules.
    """
    shutil.rmtree(directory, ignore_errors=True)
    unfinished = directory.with_name(f".{directory.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        # Absolute: the CDK's other half keeps the directory that it was started in.
        app = new_app(unfinished.resolve())
        stack = make(app)
        app.synth()
        unfinished.rename(directory)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return stack


def _parse(arguments: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(description="Synthesize the endpoint stack.")
    parser.add_argument(
        "--stage", choices=STAGES, action="append", help="one stage; every stage when left out"
    )
    parser.add_argument(
        "--model-package-arn", help="the model version to deploy; a placeholder when left out"
    )
    parser.add_argument(
        "--artifact-uri", help="the folder of that version's files, for stacks that name it"
    )
    parser.add_argument(
        "--immediately",
        action="store_true",
        help="shift all traffic at once and ignore alarms: for going back to an older version",
    )
    return parser.parse_args(arguments)


def _report_placeholders(deployment: Deployment[Configuration]) -> None:
    arguments = ("model_package_arn", ARTIFACT)
    for key, value in deployment.placeholders.items():
        source = "not given" if key in arguments else "null in cicd-config.json"
        print(f"{deployment.stage}: {key} is {source}; using {value}", file=sys.stderr)
