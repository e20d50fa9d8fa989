"""The demo from the event to the prediction: the real code, on local stand-ins.

Everything that is in place from an earlier demo of the same project stays as it is.
"""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from generator.catalog import load
from generator.create import CreatedProject, create_project, plan_project
from generator.demo.build import BuildRepository, LocalRun
from generator.demo.clones import clone
from generator.demo.commands import variables
from generator.demo.deploy import DeployRepository
from generator.demo.environments import environment_for
from generator.demo.phases import Phases
from generator.demo.report import DemoReport, RepositoryEntry
from generator.demo.serving import predict, served
from generator.demo.settings import DemoSettings
from generator.errors import InputError, shown
from generator.layout import BUILD, DEPLOY, PROJECT, ROLES
from generator.location import templates_folder
from generator.remotes import git_base
from generator.standins.datazone import stand_in


def play(settings: DemoSettings, console: Console) -> DemoReport:
    """Play the demo and return what it leaves; the same is written to `<output>/report.json`.

    Raises the errors of the generator, CommandFailed for a command that failed in a repository,
    SetupFailed when an environment could not be installed.
    """
    phases = Phases(console)
    created = _create(settings, phases)
    project = created.plan.facts.project_id
    work = settings.output / "projects" / project
    build, deploy = _clone(created, settings, work, phases)
    done = _run_pipeline(build, settings, phases)
    with phases.phase("stack", "synthesizing the endpoint's stack") as phase:
        stack = deploy.stack(done.model_package)
        verb = "in place" if stack else "synthesized, cdk-nag and cfn-lint clean"
        stack = stack or deploy.synthesize(done.model_package)
        phase.say(f"{stack.resources} resources, {verb}")
    with phases.phase("endpoint", "serving the model and testing it") as phase:
        with served(build, done.model_package) as url:
            deploy.smoke(url, done.sample_request)
            prediction = predict(url, done.sample_request)
        phase.say("served behind /ping and /invocations; smoke test passed")
    report = DemoReport(
        project_id=project,
        template=created.plan.template.name,
        repositories=[RepositoryEntry.of(repository) for repository in created.repositories],
        pipeline=done.pipeline,
        model_package=done.model_package,
        stack=stack,
        prediction=prediction,
        phases=phases.seconds,
    )
    report.write(settings.output / "report.json")
    _say_where_to_look(report, done, build, deploy, settings, console)
    return report


def _create(settings: DemoSettings, phases: Phases) -> CreatedProject:
    with phases.phase("event", "asking DataZone for the project's facts") as phase:
        datazone = stand_in(settings.event, settings.name, settings.profile)
        with datazone, variables(datazone.environment):
            plan = plan_project(settings.event, load(templates_folder()), settings.answers)
        phase.say(
            f"project {plan.facts.project_id} {plan.facts.name!r}, profile {plan.facts.profile!r}"
            f": template {plan.template.name} {plan.template.version}"
        )
    with phases.phase("repositories", "rendering and pushing") as phase:
        base = git_base(str(settings.output / "git"))
        created = create_project(plan, base)
        for repository in created.repositories:
            state = "in place" if repository.state == "unchanged" else repository.state
            phase.say(f"{repository.role:<6} {repository.name}  {state}, {repository.commit[:12]}")
    return created


def _clone(
    created: CreatedProject, settings: DemoSettings, work: Path, phases: Phases
) -> tuple[BuildRepository, DeployRepository]:
    logs = settings.output / "logs" / created.plan.facts.project_id
    by_role = {repository.role: repository for repository in created.repositories}
    with phases.phase("clones", "cloning, installing what is needed") as phase:
        fresh = [clone(by_role[role], work / role, logs / "clone.log") for role in by_role]
        above = work / PROJECT if PROJECT in by_role else work
        _refuse_other_answers(created, above / BUILD)
        venvs = {role: environment_for(above / role, settings.cache) for role in ROLES}
        phase.say("cloned, environments ready" if any(fresh) else "in place")
    return (
        BuildRepository(above / BUILD, venvs[BUILD], logs),
        DeployRepository(above / DEPLOY, venvs[DEPLOY], logs),
    )


def _refuse_other_answers(created: CreatedProject, clone: Path) -> None:
    """Raise InputError when the project was made with other answers: for another table, say."""
    name = "cicd-config.json"
    planned = json.loads(created.plan.rendering.folder(BUILD)[name].content)
    standing = json.loads((clone / name).read_text(encoding="utf-8"))
    wanted, found = planned["template"]["answers"], standing["template"]["answers"]
    other = [f"{question} = {shown(found.get(question))}" for question in wanted
             if wanted[question] != found.get(question)]  # fmt: skip
    if other:
        raise InputError(
            f"project {created.plan.facts.project_id} is there already, with {', '.join(other)};"
            " give an event of another project, or another --output"
        )


def _run_pipeline(build: BuildRepository, settings: DemoSettings, phases: Phases) -> LocalRun:
    with phases.phase("pipeline", "running it from the data to the registry") as phase:
        data, source = settings.data, settings.data_source
        same_data = data is None or source is None or build.place_data(data, source)
        before = build.last_run() if same_data else None
        done = before or build.run_pipeline()
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in done.pipeline.metrics.items())
        phase.say(f"{'in place' if before else done.pipeline.status}: {metrics}")
    with phases.phase("registry", "approving the model package") as phase:
        changed = build.approve(done.model_package)
        phase.say(f"{done.model_package} {'approved' if changed else 'in place, approved'}")
    return done


def _say_where_to_look(
    report: DemoReport,
    done: LocalRun,
    build: BuildRepository,
    deploy: DeployRepository,
    settings: DemoSettings,
    console: Console,
) -> None:
    def line(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    here = Path.cwd()

    def short(path: Path | str) -> str:
        path = Path(path)
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    line(f"\nprediction   {report.prediction.in_words()}\n")
    line(f"report       {short(done.report)}")
    line(f"runs         make -C {short(build.folder)} ui VENV={short(build.venv)}  (MLflow)")
    for repository in report.repositories:
        line(f"{repository.role + ' repo':<12} git clone {short(repository.path)}")
    line(f"stack        {short(report.stack.template)}")
    line(f"record       {short(settings.output / 'report.json')}")
