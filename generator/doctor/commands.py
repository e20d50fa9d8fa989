"""`aiops doctor`: the checks from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

# What a command needs is imported when it runs.
if TYPE_CHECKING:
    from generator.config.model import Config
    from generator.doctor.examination import Examination

CONFIGURATION = Path("aiops.toml")


@click.command("doctor")
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    default=CONFIGURATION,
    show_default=True,
    help="The administrator's configuration (TOML).",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    help="Credentials for one more account: a profile of the AWS configuration. Give it again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(file: Path, profiles: tuple[str, ...], as_json: bool) -> None:
    """Look at everything that the control plane needs, and say what to do. Changes nothing.

    What cannot be looked at, such as an account without credentials, is named and does not stop
    the rest. Exit code 1 when there is a problem.
    """
    from rich.console import Console

    from generator.doctor.examine import examine
    from generator.doctor.findings import Status
    from generator.doctor.report import conclusion, document, show

    def begin(config: Config) -> Examination:
        from generator.doctor.accounts import Accounts
        from generator.doctor.examination import Examination

        accounts = Accounts(profiles, config.shared_services.region)
        return Examination(file, config, accounts)

    findings = examine(file, begin)
    if as_json:
        found = list(findings)
        click.echo(document(found))
    else:
        found = show(findings, Console(highlight=False, soft_wrap=True))
        click.echo(conclusion(found))
    if any(finding.found.status is Status.PROBLEM for finding in found):
        sys.exit(1)
