"""`python -m mlops run`: compiles when needed, checks, and runs the pipeline on this machine."""

import argparse
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from mlops.check import check_definition, load_document
from mlops.check.definition import Definition, read_definition
from mlops.check.findings import suggest
from mlops.commit import current_commit
from mlops.errors import CommandError
from mlops.local.credentials import shell_credentials
from mlops.local.execution import Execution, Plan, new_facts
from mlops.local.freshness import OUTPUT, compile_when_needed
from mlops.local.outcome import Outcome, Results, earlier_answers, write_outcome
from mlops.local.parameters import (
    all_parameters,
    check_inputs,
    given_parameters,
    use_data,
)
from mlops.local.previous import previous_values
from mlops.local.progress import LineProgress, LiveProgress
from mlops.local.registration import stage_champion
from mlops.local.store import LocalStore
from mlops.local.values import Values
from mlops.local.workspace import Workspace, open_workspace
from mlops.previous import previous_outputs
from mlops.registry import Registry, open_registry
from mlops.settings import Settings, load_settings

CHAMPION_PARAMETER = "ChampionUri"
COMMIT_PARAMETER = "GitSha"


def main(arguments: Sequence[str]) -> int:
    """The command: 0 when the pipeline succeeded, 1 when it failed, 2 when it could not start."""
    parser = argparse.ArgumentParser("python -m mlops run", description=__doc__)
    parser.add_argument(
        "--param", "-p", action="append", default=[], metavar="NAME=VALUE", help="a parameter"
    )
    parser.add_argument("--data", type=Path, metavar="FILE", help="run on this file or folder")
    parser.add_argument("--from", dest="start", metavar="STEP", help="take over what is before it")
    parser.add_argument("--no-cache", action="store_true", help="run every step again")
    parser.add_argument(
        "--aws-credentials",
        action="store_true",
        help="let steps call AWS, Bedrock for example, with the credentials of this shell",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="show all that steps print")
    parser.add_argument(
        "--definition", type=Path, metavar="FILE", help="run this one; its assets/ is beside it"
    )
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    settings = load_settings()
    workspace = open_workspace()
    with ended_by_signals(), workspace.lock(lambda holder: _tell_waiting(console, holder)):
        path = options.definition
        if path is None:
            with console.status("compiling the pipeline …"):
                path = compile_when_needed(Path.cwd(), OUTPUT)
        document = _checked(path)
        store = LocalStore(workspace.store)
        store.adopt(path.parent / "assets")
        outcome = _run(document, settings, workspace, store, options, console)
        found = write_outcome(outcome, store, workspace)
    _summarize(console, outcome, found)
    return 0 if outcome.status == "Succeeded" else 1


def _run(
    document: Mapping[str, Any],
    settings: Settings,
    workspace: Workspace,
    store: LocalStore,
    options: argparse.Namespace,
    console: Console,
) -> Outcome:
    registry = open_registry(settings, "local")
    values: dict[str, Any] = {}
    if options.data is not None:
        document, values = use_data(document, options.data, store, settings.s3_uri())
    definition = read_definition(document)
    values |= given_parameters(definition, options.param)
    values |= _looked_up(definition, values, settings, registry, store)
    if not definition.parameters.keys() & values.keys() & previous_outputs(definition).keys():
        known = all_parameters(definition, values)
        values |= previous_values(definition, known, workspace, store)
    parameters = all_parameters(definition, values)
    facts = new_facts(settings.pipeline_name, settings.region, settings.account_id)
    check_inputs(definition, Values(definition, parameters, facts, store), store)
    reused, fresh = _take_over(definition, options.start, workspace, store)
    credentials = shell_credentials() if options.aws_credentials else {}
    plan = Plan(definition, parameters, reused, fresh, not options.no_cache, credentials)
    if console.is_terminal and not options.verbose:
        with LiveProgress(console, list(definition.steps.values())) as live:
            return Execution(plan, facts, workspace, registry, live).run()
    lines = LineProgress(console, verbose=options.verbose)
    return Execution(plan, facts, workspace, registry, lines).run()


def _looked_up(
    definition: Definition,
    values: Mapping[str, Any],
    settings: Settings,
    registry: Registry,
    store: LocalStore,
) -> dict[str, Any]:
    """Parameters that nobody gave and that are not constants: the champion and the commit."""
    found: dict[str, Any] = {}
    open_names = definition.parameters.keys() - values.keys()
    if CHAMPION_PARAMETER in open_names:
        group = settings.model_package_group
        found[CHAMPION_PARAMETER] = stage_champion(registry, group, store, settings.s3_uri())
    if COMMIT_PARAMETER in open_names:
        commit = current_commit()
        if commit is not None:
            found[COMMIT_PARAMETER] = commit
    return found


def _checked(path: Path) -> Mapping[str, Any]:
    document: Mapping[str, Any] = load_document(path)
    errors = [finding for finding in check_definition(document) if finding.severity == "error"]
    if errors:
        raise CommandError("\n".join([f"{path} cannot be run:", *map(str, errors)]))
    return document


def _take_over(
    definition: Definition, start: str | None, workspace: Workspace, store: LocalStore
) -> tuple[Mapping[str, Mapping[str, Any]], frozenset[str]]:
    """For `--from`: answers of what stands before the step, and the steps from it on."""
    if start is None:
        return {}, frozenset()
    if start not in definition.steps:
        raise CommandError(
            f"there is no step {start!r}: {suggest(start, definition.steps)}", exit_code=2
        )
    fresh = {start}
    for step in definition.order():
        if fresh & definition.waits_for(step):
            fresh.add(step.name)
    jobs = {"Processing", "Training"}
    needed = {s.name for s in definition.steps.values() if s.type in jobs} - fresh
    try:
        return earlier_answers(workspace, store, needed), frozenset(fresh)
    except LookupError as error:
        raise CommandError(
            f"--from {start}: no earlier run has finished {error}; run without --from once",
            exit_code=2,
        ) from error


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: its processes with it."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_waiting(console: Console, holder: str) -> None:
    console.print(f"another run is using this directory (process {holder}): waiting for it")


def _summarize(console: Console, outcome: Outcome, found: Results) -> None:
    def line(label: str, value: object) -> None:
        console.print(f"  {label:<9} {value}", soft_wrap=True, markup=False)

    if outcome.status == "Failed":
        Console(stderr=True, highlight=False).print(
            f"Failed after {outcome.seconds:.1f} s: {outcome.failure_reason}",
            markup=False,
            soft_wrap=True,
        )
    else:
        console.print(f"[green]Succeeded[/green] in {outcome.seconds:.1f} s")
    if found.metrics:
        line("metrics", "  ".join(f"{name} {value:.4g}" for name, value in found.metrics.items()))
    if outcome.model_package_arn:
        line("model", outcome.model_package_arn)
    if found.report:
        line("report", os.path.relpath(found.report))
    if outcome.model_package_arn:
        version = outcome.model_package_arn.rpartition("/")[2]
        line("next", f"make report, make serve, python -m mlops registry approve --local {version}")
