"""The `aiops` command: list the templates, render one, create a project's repositories, demo.

Exit codes: 0 done, 1 something failed on the way, 2 what was given cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from generator import __version__
from generator.config.commands import config_group
from generator.doctor.commands import doctor
from generator.errors import GeneratorError, InputError, shown
from generator.layout import LAYOUTS, SEPARATE, Layout

# What a command needs is imported when it runs: `aiops list` needs no git and no AWS.
if TYPE_CHECKING:
    from generator.catalog import Catalog
    from generator.config import Config
    from generator.create import CreatedProject, ProjectPlan

_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aiops")
def cli() -> None:
    """From a SageMaker Unified Studio project to a build and a deploy repository that work."""


@cli.command("list")
def list_templates() -> None:
    """List the templates, and the project profiles that each answers to."""
    for template in _catalog().templates:
        click.echo(f"{template.name}  {template.version}  for {', '.join(template.profiles)}")


@cli.command()
@click.argument("template")
@click.option("--set", "settings", multiple=True, metavar="QUESTION=ANSWER", help="Answer ahead.")
@click.option(
    "-o",
    "--output",
    type=_FOLDER,
    default=Path(),
    help="Folder in which the project's folder is made.  [default: here]",
)
@click.option("--no-input", is_flag=True, help="Ask nothing: take the defaults.")
def new(template: str, settings: tuple[str, ...], output: Path, no_input: bool) -> None:
    """Render TEMPLATE into a new folder: two repositories, or one that has both as folders."""
    from generator.answers import complete
    from generator.output import write_project
    from generator.prompts import ask
    from generator.render import render

    chosen = _catalog().named(template)
    given = _parse_settings(settings)
    answers = complete(chosen, given) if no_input else ask(chosen, given)
    project = write_project(render(chosen, answers), output)
    if not project.written:
        click.echo(f"{project.path} is in place already: nothing to do.")
        return
    click.echo(f"{project.path} is ready:")
    click.echo(f"  cd {project.path / 'build'} && make run")
    click.echo(f"  cd {project.path / 'deploy'} && make synth")


@cli.command()
@click.option("--project", help="The project's id; together with --domain.")
@click.option("--domain", help="The id of its DataZone domain.")
@click.option(
    "--event", type=click.File("rb"), help="A CreateProject event (JSON) instead; - for stdin."
)
@click.option(
    "--git-base",
    metavar="URL_OR_FOLDER",
    help="Only push, with --event: https://github.com, or a folder of bare repositories.",
)
@click.option("--config", "file", type=_PATH, help="The administrator's configuration (TOML).")
@click.option("--set", "settings", multiple=True, metavar="QUESTION=ANSWER", help="Answer ahead.")
@click.option("--dry-run", is_flag=True, help="Ask and render, but change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def create(
    project: str | None,
    domain: str | None,
    event: BinaryIO | None,
    git_base: str | None,
    file: Path | None,
    settings: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Create the repositories of a project, as the state machine does after its event.

    Running it again completes what is missing and changes nothing else. The token is read from
    AIOPS_GIT_TOKEN; without it, from the secret that the configuration names. With --git-base,
    GitHub's interface is not used: repositories must be there, and nothing is set up on them.
    """
    if (project is None) != (domain is None) or (project is None) == (event is None):
        raise click.UsageError("give --project and --domain, or --event")
    if git_base is None:
        if settings:
            raise click.UsageError("--set goes with --git-base; else answers are configuration")
        named: dict[str, Any] = {"project_id": project, "domain_id": domain}
        from generator.control.commands import create_by_hand

        given = named if event is None else {"event": _read_json(event)}
        create_by_hand(given, file, dry_run=dry_run, as_json=as_json)
        return
    if event is None:
        raise click.UsageError("--git-base needs --event")
    from generator import remotes
    from generator.create import create_project, plan_project

    base = remotes.git_base(git_base, remotes.environment_token())
    config = _configuration(file)
    catalog = _catalog() if config is None else _configured_catalog(config)
    plan = plan_project(_read_json(event), catalog, _parse_settings(settings), config=config)
    created = None if dry_run else create_project(plan, base)
    if as_json:
        click.echo(json.dumps(_document(plan, created), indent=2))
    else:
        _report(plan, created)


@cli.command()
@click.option("--event", type=_PATH, help="CreateProject event (JSON).  [default: our own]")
@click.option("--data", type=_PATH, help="Your own table, rows or documents, as the profile needs.")
@click.option("--target", help="The table's column to predict.")
@click.option("--profile", default="Regression", show_default=True, help="The project's profile.")
@click.option(
    "--repo-layout",
    type=click.Choice(LAYOUTS),
    default=SEPARATE,
    show_default=True,
    help="Two repositories, or one with two folders.",
)
@click.option(
    "-o", "--output", type=_FOLDER, default=Path(".demo"), help="Where it all goes.  [.demo]"
)
@click.option(
    "--cache",
    type=_FOLDER,
    default=Path(".cache/environments"),
    help="Environments of the rendered repositories.  [.cache/environments]",
)
def demo(
    event: Path | None,
    data: Path | None,
    target: str | None,
    profile: str,
    repo_layout: Layout,
    output: Path,
    cache: Path,
) -> None:
    """Play a CreateProject event to the end on this machine: no account, no network."""
    from rich.console import Console

    from generator.demo.play import play
    from generator.demo.settings import demo_settings

    settings = demo_settings(
        event=event,
        data=data,
        target=target,
        profile=profile,
        layout=repo_layout,
        output=output,
        cache=cache,
    )
    play(settings, Console())


cli.add_command(config_group)
cli.add_command(doctor)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; every failure is one message on stderr."""
    try:
        cli.main(args=arguments, prog_name="aiops", standalone_mode=False)
    except GeneratorError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; nothing more was done", 1)
    except Exception as error:
        _fail(f"this should not happen, please report it: {type(error).__name__}: {error}", 1)


def _fail(message: str, exit_code: int) -> None:
    click.echo(f"aiops: {message}", err=True)
    sys.exit(exit_code)


def _catalog() -> Catalog:
    from generator.catalog import load
    from generator.location import templates_folder

    return load(templates_folder())


def _configuration(file: Path | None) -> Config | None:
    from generator.config import load

    return None if file is None else load(file)


def _configured_catalog(config: Config) -> Catalog:
    from generator.config.templates import templates_of
    from generator.remotes import environment_token

    return templates_of(config, environment_token())


def _parse_settings(settings: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for setting in settings:
        question, separator, answer = setting.partition("=")
        if not separator:
            raise InputError(f"--set {shown(setting)}: write QUESTION=ANSWER")
        if question in given:
            raise InputError(f"--set {shown(question)} is given twice")
        given[question] = answer
    return given


def _read_json(file: BinaryIO) -> object:
    try:
        return json.loads(file.read())
    except ValueError as error:
        raise InputError(f"{file.name} is not JSON: {error}") from None


def _report(plan: ProjectPlan, created: CreatedProject | None) -> None:
    template = plan.template
    click.echo(
        f"{plan.facts.name} ({plan.facts.project_id}): template {template.name} {template.version}"
    )
    if created is None:
        for wanted in plan.seeds():
            click.echo(f"  {wanted.role:6}  {wanted.name}: {len(wanted.files)} files, not pushed")
    else:
        for repository in created.repositories:
            click.echo(
                f"  {repository.role:6}  {repository.state:9}  {repository.url}"
                f"  {repository.branch} at {repository.commit[:10]}"
            )
            if repository.note:
                click.echo(f"          {repository.note}; open a pull request from there")
    if plan.missing:
        click.echo(f"  not known yet, null in cicd-config.json: {', '.join(plan.missing)}")


def _document(plan: ProjectPlan, created: CreatedProject | None) -> dict[str, object]:
    return {
        "project_id": plan.facts.project_id,
        "template": {"name": plan.template.name, "version": plan.template.version},
        "missing": list(plan.missing),
        "repositories": [
            {
                "role": repository.role,
                "name": repository.name,
                "path": repository.url,
                "branch": repository.branch,
                "commit": repository.commit,
                "tree": repository.tree,
                "state": repository.state,
                "note": repository.note,
            }
            for repository in (created.repositories if created else ())
        ],
    }
