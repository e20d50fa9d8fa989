"""`python -m generator.infrastructure`: write the stacks of the control plane, checked."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.errors import GeneratorError
from generator.infrastructure.configuration import EXAMPLE_NOTICE, read_configuration
from generator.infrastructure.origin import origin_of
from generator.infrastructure.packaging.platforms import Architecture, archive_name
from generator.infrastructure.synthesis import synthesize


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m generator.infrastructure",
        description="Write the CloudFormation templates of the control plane.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="[default: aiops.toml]")
    parser.add_argument(
        "--arch",
        type=Architecture,
        choices=list(Architecture),
        default=Architecture.ARM64,
        help="what the Lambda functions run on [default: %(default)s]",
    )
    parser.add_argument(
        "--package", type=Path, metavar="ZIP", help="[default: the one of make package in dist/]"
    )
    parser.add_argument("--output", type=Path, default=Path("cdk.out"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        configuration = read_configuration(options.config)
        if configuration.is_example:
            print(f"note: {EXAMPLE_NOTICE}", file=sys.stderr)
        done = synthesize(
            configuration.config,
            package=options.package or Path("dist") / archive_name(options.arch),
            architecture=options.arch,
            output=options.output,
            origin=origin_of(configuration),
        )
    except GeneratorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for name, path in done.templates.items():
        resources = json.loads(path.read_text(encoding="utf-8"))["Resources"]
        print(f"{name}: {path} ({len(resources)} resources)")
    print(f"cdk-nag and cfn-lint: {len(done.templates)} templates, no findings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
