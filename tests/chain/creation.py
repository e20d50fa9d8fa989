"""Plays a CreateProject event to its end, as a user of Unified Studio causes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator.control.seeding import plan
from generator.files import EXECUTABLE
from tests.chain.emulator import waited
from tests.chain.github import made_by_unified_studio, working_copy
from tests.chain.observation import Execution
from tests.chain.projects import HOUSES, Project
from tests.chain.stage import GOVERNANCE, Stage
from tests.control.stage import blind_ports
from tests.generator.generator_stage import git


@dataclass(frozen=True)
class Created:
    """A project whose execution has ended. Clones are made as soon as it has repositories."""

    project: Project
    execution: Execution
    build: Path
    deploy: Path


def play_creation(stage: Stage) -> Created:
    """Create a project that is not ready at once; clone what it was given."""
    project = HOUSES
    made_by_unified_studio(stage.github, project.build)
    stage.stand(project.created, project.name, project.profile)
    deployment = stage.datazone.records.project["environmentDeploymentDetails"]
    deployment["overallDeploymentStatus"] = "PENDING_DEPLOYMENT"
    stage.put(project.created, GOVERNANCE)
    stage.say(f"CreateProject of {project.id} on the default bus of {GOVERNANCE}")
    arn = stage.seeding.started()
    stage.say(f"{arn.rpartition(':')[2]} started: the event crossed to the shared services")
    waited("DataZone is asked", lambda: stage.datazone.calls or None)
    waited("the project is not ready", lambda: "Pause" in stage.seeding.visited(arn) or None)
    stage.say("the project is PENDING_DEPLOYMENT: waiting")
    deployment["overallDeploymentStatus"] = "SUCCESSFUL"
    execution = stage.seeding.ended(arn)
    stage.say(execution.told)
    clones = stage.folder / "clones"
    return Created(
        project,
        execution,
        working_copy(stage.github.repository(project.build), clones / "build"),
        working_copy(stage.github.repository(project.deploy), clones / "deploy"),
    )


def rendered_trees(project: Project, stage: Stage, folder: Path) -> dict[str, str]:
    """Render the project's repositories on this machine; return git's tree id of each."""
    planned = plan({"event": project.created}, blind_ports(stage.config))
    trees = {}
    for wanted in planned.seeds():
        place = folder / wanted.role
        for path, file in wanted.files.items():
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
            target.chmod(0o755 if file.mode == EXECUTABLE else 0o644)
        git("init", "--quiet", ".", cwd=place)
        git("add", "--all", "--force", ".", cwd=place)
        trees[wanted.role] = git("write-tree", cwd=place)
    return trees
