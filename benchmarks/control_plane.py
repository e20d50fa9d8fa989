"""A project through the control plane, beside the reference's strategy, against the same GitHub.

Both end with two filled repositories on the stand-in; ours also has environments with reviewers
and a protected default branch, the reference's also has 15 values as secrets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.copying import copying, fill_source
from benchmarks.cost import Command, Cost, cost_of
from benchmarks.project import ACCOUNT, DOMAIN, REGION, creation
from benchmarks.warm import CHECKOUT, TOKEN, WarmProcess, environment_in
from benchmarks.ways import idle
from generator.names import deploy_repository
from generator.request import parse
from generator.standins.datazone import DataZoneStandIn
from generator.standins.github import GitHubStandIn
from generator.standins.records import records_of

OWNER, TEAM = "bench", "governance"
SOURCE = f"{OWNER}/source"
TEMPLATE, PROFILE = "regression", "Regression"
# What a function imports before and during its first call.
IMPORTS = (
    "import generator.handlers.entry, generator.control.seeding, generator.render,"
    " generator.repositories, generator.datazone, generator.config.loading,"
    " generator.config.templates, generator.github.repositories, generator.github.environments,"
    " generator.github.protection, generator.github.secrets, generator.github.app,"
    " generator.github.pulls"
)
CONFIGURATION = """
[governance]
account = "{account}"
region = "{region}"
domains = ["{domain}"]

[shared_services]
account = "{account}"
region = "{region}"

[github]
organization = "{owner}"
auth = "token"
token_secret = "aiops/github"
api_url = "{url}"
git_url = "{url}"

[github.reviewers]
prod = ["@{owner}/{team}"]
"""


@dataclass(frozen=True)
class ProjectCost(Cost):
    """What a project cost. writes: requests that change anything, content-creating or not.

    pauses: seconds between changes, which a warm process of the benchmark does not wait for.
    """

    writes: int = 0
    pauses: float = 0.0


class ControlStage:
    """GitHub, DataZone with one project at a time, and a process that has seeded one already."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "aiops.toml"
        self.github = GitHubStandIn(folder / "github")
        event = creation("bench0", f"{OWNER}/build-0")
        self.records = records_of(parse(event), "House prices", PROFILE)
        self.datazone = DataZoneStandIn(self.records, REGION)
        self._made = 0

    def __enter__(self) -> Self:
        self.github.__enter__()
        self.datazone.__enter__()
        self.github.add_account(OWNER, "Organization")
        self.github.add_team(OWNER, TEAM)
        self.github.add_token(TOKEN, OWNER)
        self.config.write_text(
            CONFIGURATION.format(
                account=ACCOUNT,
                region=REGION,
                domain=DOMAIN,
                owner=OWNER,
                team=TEAM,
                url=self.github.url,
            )
        )
        self.github.create_repository(SOURCE)
        fill_source(self.github.url, SOURCE, TEMPLATE)
        self.worker = WarmProcess(
            "benchmarks.control_worker", str(self.config), environment=self.environment
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.worker.end()
        self.datazone.__exit__(kind, error, trace)
        self.github.__exit__(kind, error, trace)

    @property
    def environment(self) -> dict[str, str]:
        """What measured processes see."""
        functions = {"POWERTOOLS_METRICS_NAMESPACE": "AIOps"}
        return environment_in(self.folder) | functions | self.datazone.environment

    def new_project(self) -> dict[str, Any]:
        """Let there be a project with an empty build repository; return its event."""
        self._made += 1
        build = f"{OWNER}/build-{self._made}"
        event = creation(f"bench{self._made}", build)
        vars(self.records).update(vars(records_of(parse(event), "House prices", PROFILE)))
        self.github.create_repository(build)
        return event

    def counted(self, run: Callable[[], Cost]) -> ProjectCost:
        """Run, and add the requests that GitHub saw meanwhile, of REST and of git."""
        before = len(self.github.journal.entries)
        cost = run()
        seen = self.github.journal.entries[before:]
        return ProjectCost(
            **{
                **vars(cost),
                "requests": len(seen),
                "changes": sum(one.creates_content for one in seen),
                "writes": sum(one.changes for one in seen),
            }
        )


def warm(stage: ControlStage) -> Cost:
    """Both steps through their entry points, in a process that has done it before."""
    event = stage.new_project()
    return stage.counted(lambda: ProjectCost(**stage.worker.ask(event)))


def cold(stage: ControlStage) -> Cost:
    """The same as a process of its own: start, import, both steps."""
    event = stage.folder / "event.json"
    event.write_text(json.dumps(stage.new_project()))
    once = (
        "import json, sys; from pathlib import Path;"
        " from benchmarks.control_worker import seed_project, steps;"
        " seed_project(*steps(Path(sys.argv[1])), json.loads(Path(sys.argv[2]).read_text()))"
    )
    command = Command((sys.executable, "-c", once, str(stage.config), str(event)), stage.folder)
    return stage.counted(lambda: cost_of([command], stage.environment))


def reference(stage: ControlStage) -> Cost:
    """The reference's strategy: a repository and 15 secrets by REST; for both repositories clone
    the source, clone, copy, commit, push with git. It renders nothing and sets up no environment.
    """
    event = stage.new_project()
    build = parse(event).build_repository
    assert build is not None
    deploy = deploy_repository(build, event["detail"]["responseElements"]["id"], DOMAIN)
    calls = (sys.executable, "-m", "benchmarks.reference_calls", stage.github.url, OWNER)
    roles = {"build": build, "deploy": deploy}
    commands = [
        Command((*calls, deploy, build), CHECKOUT),
        *copying(stage.github.url, SOURCE, roles, stage.folder),
    ]
    return stage.counted(lambda: cost_of(commands, stage.environment))


def importing(stage: ControlStage) -> Cost:
    """A process that imports all that the functions use, and ends."""
    return cost_of([Command((sys.executable, "-c", IMPORTS), stage.folder)], stage.environment)


def interpreter(stage: ControlStage) -> Cost:
    """A process that does nothing: what all others in Python start from."""
    return idle(stage.folder, stage.environment)


WARM, COLD, REFERENCE = "control plane, warm", "control plane, cold", "reference's strategy"
IMPORT, INTERPRETER = "import only", "interpreter"
WAYS: dict[str, Callable[[ControlStage], Cost]] = {
    WARM: warm,
    COLD: cold,
    REFERENCE: reference,
    IMPORT: importing,
    INTERPRETER: interpreter,
}
