"""The command line: `python -m operations COMMAND`; `make COMMAND` passes its variables on.

Every option can also be given as an environment variable of the same name in capitals, so that
values from outside never pass through a shell's quoting.
"""

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from components.errors import ConfigurationError
from components.settings import STAGES, Stage, load_settings
from operations.failures import OperationFailed

Options = argparse.Namespace
CONFIGURATION_ERROR, FAILURE = 2, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 when it failed, 2 when it was wrongly asked."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except ConfigurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return CONFIGURATION_ERROR
    except OperationFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILURE
    return 0


# Each command imports what it needs by itself: the CDK and botocore take their time.


def _synth(options: Options) -> None:
    """Write the templates of one stage, or of all, and check them."""
    from operations.synthesis import synthesize

    stages = (_stage(options),) if options.stage else STAGES
    synthesize(stages, model_package_arn=options.model_package_arn)


def _current(options: Options) -> None:
    """Print the model package that the stage's stack deploys, or nothing."""
    from operations.deploy import current_package

    package = current_package(load_settings(), _stage(options))
    if package:
        print(package)


def _diff(options: Options) -> None:
    """Show what a deployment would change."""
    from operations.diff import show_difference

    show_difference(load_settings(), _stage(options), _package(options), against=options.against)


def _deploy(options: Options) -> None:
    """Put a model version on the stage's endpoint."""
    from operations.deploy import deploy

    deploy(load_settings(), _stage(options), _package(options))


def _rollback(options: Options) -> None:
    """Put the previous model version back, all traffic at once."""
    from operations.deploy import roll_back

    roll_back(load_settings(), _stage(options), options.model_package_arn)


def _smoke(options: Options) -> None:
    """Ask an endpoint, or a server on this machine, for a prediction."""
    from operations.smoke import SmokeRequest, run_smoke_test

    run_smoke_test(
        SmokeRequest(
            url=options.url,
            stage=None if options.url else _stage(options),
            endpoint=options.endpoint,
            model_package_arn=options.model_package_arn,
            sample_request=options.sample_request,
            tolerance=options.tolerance,
        )
    )


def _load(options: Options) -> None:
    """Ask an endpoint, or a server on this machine, many times, and say how fast it answers."""
    from operations.closed_loop import Load
    from operations.load import LoadRequest, run_load_test

    run_load_test(
        LoadRequest(
            url=options.url,
            stage=None if options.url else _stage(options),
            endpoint=options.endpoint,
            sample_request=options.sample_request,
            requests_file=options.requests_file,
            load=Load(options.concurrency, options.requests, options.duration),
            max_p95_ms=options.max_p95_ms,
            report=options.report,
        )
    )


def _up_to(most: int) -> Callable[[str], int]:
    """Reads a whole number from 1 to ``most``."""

    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {most}")
        return int(text)

    return number


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


_ALWAYS = ("stage", "model_package_arn")
OPTIONS: dict[str, tuple[Callable[[str], object], str]] = {
    "stage": (str, "dev, test or prod"),
    "model_package_arn": (str, "a registered model version"),
    "against": (Path, "compare with this template file instead of the deployed one"),
    "url": (str, "a server on this machine, such as http://127.0.0.1:8080"),
    "endpoint": (str, "another endpoint than the stage's own"),
    "sample_request": (Path, "a file with a request and the answer that is expected"),
    "tolerance": (float, "largest relative difference between two predictions"),
    "concurrency": (_up_to(256), "how many ask at the same time, 4 by default"),
    "requests": (_up_to(1_000_000), "how many requests, 200 by default"),
    "duration": (_up_to(3600), "stop after so many seconds, 60 by default"),
    "requests_file": (Path, "a file with a request a line, instead of the sample's alone"),
    "max_p95_ms": (_positive, "fail when 5% of the answers take longer, in milliseconds"),
    "report": (Path, "a JSON file to write the figures to"),
}
_DEFAULTS = {"concurrency": "4", "requests": "200", "duration": "60"}
_COMMANDS: dict[str, tuple[Callable[[Options], None], tuple[str, ...]]] = {
    "synth": (_synth, _ALWAYS),
    "current": (_current, _ALWAYS),
    "diff": (_diff, (*_ALWAYS, "against")),
    "deploy": (_deploy, _ALWAYS),
    "rollback": (_rollback, _ALWAYS),
    "smoke": (_smoke, (*_ALWAYS, "url", "endpoint", "sample_request", "tolerance")),
    "load": (
        _load,
        (
            *("stage", "url", "endpoint", "sample_request", "requests_file"),
            *("concurrency", "requests", "duration", "max_p95_ms", "report"),
        ),
    ),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, options) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        for option in options:
            convert, text = OPTIONS[option]
            subparser.add_argument(
                f"--{option.replace('_', '-')}",
                type=convert,
                # An empty variable is one that was not given; text defaults are converted.
                default=os.environ.get(option.upper()) or _DEFAULTS.get(option),
                help=f"{text} (or {option.upper()})",
            )
    return parser


def _stage(options: Options) -> Stage:
    for stage in STAGES:
        if options.stage == stage:
            return stage
    given = f"stage is {options.stage!r}" if options.stage else "no stage given"
    raise ConfigurationError(f"{given}; use STAGE={'|'.join(STAGES)}")


def _package(options: Options) -> str:
    if not options.model_package_arn:
        raise ConfigurationError(
            "no model package given; use MODEL_PACKAGE_ARN=arn:aws:sagemaker:..., the ARN of a"
            " registered model version"
        )
    return str(options.model_package_arn)


if __name__ == "__main__":
    sys.exit(main())
