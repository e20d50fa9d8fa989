"""The store's commands: `python -m stacks.vector_store synth` and `... deploy`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from components.errors import ConfigurationError
from components.settings import SETTINGS_FILE, Settings, load_settings
from components.synthesis_summary import OUTPUT_DIRECTORY
from operations.cdk_cli import run_cdk
from operations.failures import OperationFailed
from operations.stage_account import connect
from operations.synthesis import lint_templates
from stacks.vector_store.config import FILE_NAME, HOME, VectorStoreConfig, load_vector_store

ASSEMBLY = OUTPUT_DIRECTORY / "vector-store"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 when it failed, 2 when a file is wrong."""
    parser = argparse.ArgumentParser(prog="python -m stacks.vector_store", description=__doc__)
    parser.add_argument("command", choices=("synth", "deploy"))
    command = parser.parse_args(arguments).command
    try:
        settings, config = load_settings(), load_vector_store()
        if command == "deploy":
            deploy(settings, config)
        elif config.kind is not None:
            synthesize(settings, config)
    except (ConfigurationError, OperationFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigurationError) else 1
    return 0


def synthesize(settings: Settings, config: VectorStoreConfig) -> Path:
    """Write the store's template, checked by cdk-nag and cfn-lint; returns its place."""
    # The CDK takes its time: whoever has no store need not wait for it.
    from components.application import assemble, reported
    from stacks.vector_store.stack import VectorStoreStack, placeholders

    for key, value in placeholders(settings).items():
        print(f"vector store: {key} is null in {SETTINGS_FILE}; using {value}", file=sys.stderr)
    code = reported(
        lambda: assemble(
            lambda app: VectorStoreStack(app, settings=settings, config=config), ASSEMBLY
        )
    )
    if code:
        raise OperationFailed("the vector store could not be synthesized, for the reason above")
    (template,) = ASSEMBLY.glob("*.template.json")
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    print(f"vector store ({config.kind}): {template} ({len(resources)} resources)", flush=True)
    lint_templates([str(template)], [settings.region(HOME)])
    return template


def deploy(settings: Settings, config: VectorStoreConfig) -> None:
    """Show what changes, change it, and print what the build repository must know."""
    from stacks.vector_store.stack import INDEX_OUTPUT, ROLE_FACT, stack_name

    if config.kind is None:
        raise ConfigurationError(
            f"config/{FILE_NAME} has kind: null, so vectors are in the model package and there is"
            " no store to deploy; choose opensearch, s3vectors or pgvector to have one"
        )
    if settings.sagemaker.pipeline_role_arn is None:
        raise ConfigurationError(
            f"{ROLE_FACT} is null in {SETTINGS_FILE}: the store must know the role that fills it;"
            " write the ARN of the role that runs the build repository's pipeline"
        )
    connect(settings, HOME)
    synthesize(settings, config)
    if run_cdk("diff", "--app", str(ASSEMBLY), "--no-color", "--method", "template").returncode:
        raise OperationFailed("the CDK could not compare, for the reason above")
    with TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        done = run_cdk(
            *("deploy", "--app", str(ASSEMBLY), "--require-approval", "never"),
            *("--outputs-file", str(outputs), "--progress", "events", "--ci"),
        )
        if done.returncode:
            raise OperationFailed(
                f"stack {stack_name(settings)} was not deployed; CloudFormation's reason is above"
            )
        values = json.loads(outputs.read_text(encoding="utf-8"))[stack_name(settings)]
    print("\nWrite this into config/pipeline.yaml of the build repository:\n")
    print(values[INDEX_OUTPUT])


if __name__ == "__main__":
    sys.exit(main())
