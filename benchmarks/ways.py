"""The ways to make a project's repositories that are compared. Each starts from empty ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.copying import copying, fill_source
from benchmarks.cost import Command, Cost, cost_of
from benchmarks.project import DOMAIN, creation
from benchmarks.warm import TOKEN, WarmProcess, environment_in
from generator.catalog import load
from generator.location import templates_folder
from generator.names import deploy_repository
from generator.remotes import TOKEN_USER
from generator.standins.datazone import stand_in
from generator.standins.gitserver import GitServer

SOURCE = "bench/source"
# Everything of ours that takes part in creating a project.
IMPORTS = "import generator.cli, generator.create, generator.prompts, generator.output"


@dataclass(frozen=True)
class OurCost(Cost):
    """What our way cost in a warm process: CPU seconds of its two halves."""

    render: float = 0.0
    push: float = 0.0


class Stage:
    """A git server with empty repositories, a source repository, and room for clones."""

    def __init__(self, folder: Path, template: str) -> None:
        self.folder = folder
        self.template = template
        self.server = GitServer(folder / "git", TOKEN_USER, TOKEN)
        self._made = 0

    def __enter__(self) -> Self:
        self.server.__enter__()
        self.server.create(SOURCE)
        fill_source(self.server.url, SOURCE, self.template)
        self.worker = WarmProcess("benchmarks.worker", environment=self.environment)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.worker.end()
        self.server.__exit__(kind, error, trace)

    @property
    def environment(self) -> dict[str, str]:
        """What measured processes see."""
        return environment_in(self.folder)

    def empty_repositories(self) -> tuple[str, str]:
        """Make two new empty repositories and return their names: build, deploy."""
        self._made += 1
        names = (f"bench/build-{self._made}", f"bench/deploy-{self._made}")
        for name in names:
            self.server.create(name)
        return names

    def counted(self, run: Callable[[], Cost]) -> Cost:
        """Run, and add the requests that the server saw meanwhile."""
        self.server.requests.clear()
        cost = run()
        seen = list(self.server.requests)
        changes = sum(request.creates_content for request in seen)
        return type(cost)(**{**vars(cost), "requests": len(seen), "changes": changes})


def ours_warm(stage: Stage) -> Cost:
    """In a process that has done it before: render, and push both repositories."""
    build, deploy = stage.empty_repositories()
    asked = {
        "template": stage.template,
        "base": stage.server.url,
        "build": build,
        "deploy": deploy,
    }
    return stage.counted(lambda: OurCost(**stage.worker.ask(asked)))


def ours_cold(stage: Stage) -> Cost:
    """As a process of its own: start, import, render, and push both repositories."""
    build, deploy = stage.empty_repositories()
    once = (
        "from benchmarks.worker import make;"
        f"make({stage.template!r}, {stage.server.url!r}, {build!r}, {deploy!r})"
    )
    command = Command((sys.executable, "-c", once), stage.folder)
    return stage.counted(lambda: cost_of([command], stage.environment))


def aiops_create(stage: Stage) -> Cost:
    """The command itself: an event, a DataZone on this machine, then the same as ours, cold."""
    build, _ = stage.empty_repositories()
    project = f"bench{build.rsplit('-', 1)[-1]}"
    event = stage.folder / f"{project}.json"
    event.write_text(json.dumps(creation(project, build)))
    stage.server.create(deploy_repository(build, project, DOMAIN))
    with stand_in(json.loads(event.read_text())) as datazone:
        environment = {**stage.environment, **datazone.environment}
        argv = (sys.executable, "-m", "generator", "create", "--event", str(event))
        command = Command((*argv, "--git-base", stage.server.url), stage.folder)
        return stage.counted(lambda: cost_of([command], environment))


def git_commands(stage: Stage) -> Cost:
    """Clone the source, clone, copy, commit, push; for both repositories. It renders nothing."""
    build, deploy = stage.empty_repositories()
    roles = {"build": build, "deploy": deploy}
    commands = copying(stage.server.url, SOURCE, roles, stage.folder, "--depth", "1")
    return stage.counted(lambda: cost_of(commands, stage.environment))


def cookiecutter_process(stage: Stage) -> Cost:
    """Plain cookiecutter as a process, hooks and all. It pushes nothing."""
    template = load(templates_folder()).named(stage.template)
    config = stage.folder / "cookiecutter.yaml"
    config.write_text(f"cookiecutters_dir: {stage.folder}/c\nreplay_dir: {stage.folder}/r\n")
    argv = (sys.executable, "-m", "cookiecutter", str(template.path), "--no-input", "-f")
    where = ("--config-file", str(config), "-o", str(stage.folder / "rendered"))
    return cost_of([Command(argv + where, stage.folder)], stage.environment)


def importing(stage: Stage) -> Cost:
    """A process that imports all of the generator, and ends."""
    return cost_of([Command((sys.executable, "-c", IMPORTS), stage.folder)], stage.environment)


def interpreter(stage: Stage) -> Cost:
    """A process that does nothing: what all others in Python start from."""
    return idle(stage.folder, stage.environment)


def idle(folder: Path, environment: dict[str, str]) -> Cost:
    """Return what a process costs that does nothing."""
    cost = cost_of([Command((sys.executable, "-c", "pass"), folder)], environment)
    if not Path("/proc/self/status").exists():
        return cost
    # The launcher is as large as an empty interpreter: this one says its own peak.
    asked = "print(*[line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line])"
    said = subprocess.run(
        [sys.executable, "-c", asked], env=environment, stdout=subprocess.PIPE, check=True
    )
    return replace(cost, peak=int(said.stdout) / 1024)


WAYS: dict[str, Callable[[Stage], Cost]] = {
    "ours, warm": ours_warm,
    "ours, cold": ours_cold,
    "aiops create": aiops_create,
    "git commands": git_commands,
    "cookiecutter": cookiecutter_process,
    "import only": importing,
    "interpreter": interpreter,
}
