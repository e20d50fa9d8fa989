"""A project through the control plane, beside the reference's strategy, against the same GitHub.

Both end with two filled repositories on the stand-in; ours also has environments with reviewers
and a protected default branch, the reference's also has 15 values as secrets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.cost import Command, Cost, cost_of
from benchmarks.project import ACCOUNT, DOMAIN, REGION, creation, plan
from benchmarks.ways import idle
from generator.names import deploy_repository
from generator.remotes import TOKEN_USER, TOKEN_VARIABLE, git_base
from generator.repositories import seed
from generator.request import parse
from generator.standins.datazone import DataZoneStandIn
from generator.standins.github import GitHubStandIn
from generator.standins.records import records_of

TOKEN = "benchmark-token"
OWNER, TEAM = "bench", "governance"
SOURCE = f"{OWNER}/source"
TEMPLATE, PROFILE = "regression", "Regression"
CHECKOUT = Path(__file__).resolve().parents[1]
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
        self._fill_source()
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.control_worker", str(self.config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=self.environment,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.worker.communicate()
        self.datazone.__exit__(kind, error, trace)
        self.github.__exit__(kind, error, trace)

    @property
    def environment(self) -> dict[str, str]:
        """What measured processes see: byte code is kept, git has no configuration, no AWS."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(CHECKOUT),
            "GIT_CONFIG_NOSYSTEM": "1",
            "POWERTOOLS_METRICS_NAMESPACE": "AIOps",
            TOKEN_VARIABLE: TOKEN,
            **self.datazone.environment,
        }

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

    def _fill_source(self) -> None:
        """What the reference clones: the files of both repositories, ready to be copied."""
        self.github.create_repository(SOURCE)
        (build, _) = planned = plan(TEMPLATE, SOURCE, f"{OWNER}/unused").seeds()
        both = {f"{one.role}/{path}": file for one in planned for path, file in one.files.items()}
        source = type(build)(**{**vars(build), "name": SOURCE, "files": both})
        seed(git_base(self.github.url, lambda: TOKEN).remote(SOURCE), source)


def warm(stage: ControlStage) -> Cost:
    """Both steps through their entry points, in a process that has done it before."""
    event = stage.new_project()

    def run() -> Cost:
        assert stage.worker.stdin and stage.worker.stdout
        stage.worker.stdin.write(json.dumps(event) + "\n")
        stage.worker.stdin.flush()
        return ProjectCost(**json.loads(stage.worker.stdout.readline()))

    return stage.counted(run)


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
    commands = [Command((*calls, deploy, build), CHECKOUT)]
    address = stage.github.url.replace("://", f"://{TOKEN_USER}:{TOKEN}@")
    for role, name in (("build", build), ("deploy", deploy)):
        room = stage.folder / "clones" / name
        room.mkdir(parents=True)
        work = room / "work"
        commands += [
            Command(("git", "clone", f"{address}/{SOURCE}.git", "source"), room),
            Command(("git", "clone", f"{address}/{name}.git", "work"), room),
            Command(("git", "config", "user.name", "generator"), work),
            Command(("git", "config", "user.email", "generator@example.com"), work),
            Command(("cp", "-R", f"../source/{role}/.", "."), work),
            Command(("git", "add", "-A", "-f"), work),
            Command(("git", "commit", "-m", "Initial setup"), work),
            Command(("git", "push", "origin", "HEAD:main"), work),
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
