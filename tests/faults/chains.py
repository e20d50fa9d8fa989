"""What is played: each chain of calls from an event to its end, and what stands before it.

| chain        | from                                  | to                                      |
|--------------|---------------------------------------|-----------------------------------------|
| project      | CreateProject                         | two repositories, an event, a notice    |
| pull request | the same, a person's files in the way | a pull request in the build repository  |
| person       | the same, for a person's account      | the same                                |
| monorepo     | the same, in one repository           | both folders in the build repository    |
| templates    | the same, with templates from git     | the same                                |
| approval     | a package was approved                | the deploy workflow runs, a note        |
| deletion     | DeleteProject                         | an issue, archived repositories         |
| one deletion | DeleteProject, of one repository      | an issue, an archived repository        |
| clean-up     | DeleteProject, with such a workflow   | it runs, the build repository archived  |
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from generator.standins.gitserver import GIT_ENVIRONMENT
from tests.control.stage import CREATE, DOMAIN, PROJECT
from tests.faults.clock import START
from tests.faults.configuration import BUILD, ORGANIZATION, PERSON, PERSONAL, TOKEN_SECRET
from tests.faults.interpreter import Document, Execution
from tests.faults.stage import Stage
from tests.generator.generator_stage import CHECKOUT, person_pushes

DEPLOY = f"{ORGANIZATION}/{PROJECT}-{DOMAIN}-deploy-repo"
TEMPLATES = f"{ORGANIZATION}/aiops-templates"
WORKFLOW = "name: Clean up\non:\n  workflow_dispatch:\njobs:\n  x:\n    runs-on: ubuntu-24.04\n"
DELETED: Document = {
    "source": "aws.datazone",
    "detail-type": "AWS API Call via CloudTrail",
    "time": f"{datetime.fromtimestamp(START, UTC):%Y-%m-%dT%H:%M:%SZ}",
    "detail": {
        "eventSource": "datazone.amazonaws.com",
        "eventName": "DeleteProject",
        "requestParameters": {"domainIdentifier": DOMAIN, "identifier": PROJECT},
        "responseElements": None,
    },
}
THEIRS = {"notes/ideas.md": "# Ideas\n\nMine.\n", "start.ipynb": "{}\n"}
IN_THE_WAY = {**THEIRS, "README.md": "# My own\n\nText.\n", "Makefile": "all:\n\ttrue\n"}
MOST_EVENTS = 10


@dataclass(frozen=True)
class Chain:
    """One chain. furnish: what is done before it. after: the chain at whose end it begins.

    function: which function its event calls; None for the state machine.
    """

    name: str
    furnish: Callable[[Stage], None]
    after: str | None = None
    function: str | None = None
    event: Document | None = None

    def play(self, stage: Stage, execution: Execution | None) -> bool:
        """Play it from where `execution` is, or from its beginning; whether it ended well."""
        if self.function is None:
            execution = self._executed(stage, execution)
            return execution.status == "SUCCEEDED"
        return self._delivered(stage, [self.event] if self.event else [])

    def again(self, stage: Stage) -> bool:
        """Redrive what has failed: the execution, or the events that nobody could handle."""
        if self.function is None:
            failed = stage.histories[0]
            return stage.told(stage.machine.redrive(failed)).status == "SUCCEEDED"
        left, stage.dead[:] = list(stage.dead), []
        return self._delivered(stage, left)

    def _executed(self, stage: Stage, execution: Execution | None) -> Execution:
        if execution is None:
            done = stage.machine.start(CREATE, "undisturbed")
        else:
            done = stage.machine.go_on(execution)
        stage.retries += done.retries
        return stage.told(done)

    def _delivered(self, stage: Stage, events: list[Document]) -> bool:
        """Deliver events, and those that this raises, as EventBridge and Lambda do."""
        for _ in range(MOST_EVENTS):
            if not events and not stage.registry.events:
                return not stage.dead
            event = events.pop(0) if events else stage.registry.events.pop(0)
            stage.deliver(str(self.function), event)
        raise AssertionError("events raise events without end")


def _with_files(files: dict[str, str]) -> Callable[[Stage], None]:
    def furnish(stage: Stage) -> None:
        person_pushes(stage.hub.repository(BUILD).folder, files)

    return furnish


def _for_a_person(stage: Stage) -> None:
    _with_files(THEIRS)(stage)
    stage.hub.add_token(PERSONAL, PERSON, {PERSON, ORGANIZATION})
    stage.secrets.secrets[TOKEN_SECRET] = f'{{"token": "{PERSONAL}"}}'
    stage.owner, stage.reviewers = f'user = "{PERSON}"\nauth = "token"', '["@ann"]'
    stage.configure()


def _in_one_repository(stage: Stage) -> None:
    _with_files(THEIRS)(stage)
    stage.owner += '\nrepo_layout = "monorepo"'
    stage.configure()


def _with_templates(stage: Stage) -> None:
    _with_files(THEIRS)(stage)
    folder = stage.hub.create_repository(TEMPLATES).folder
    identity = {
        f"GIT_{role}_{name}": "x@y.z"
        for role in ("AUTHOR", "COMMITTER")
        for name in ("NAME", "EMAIL")
    }
    for command in (
        ("add", "--", "templates", "hooks", ":(exclude,glob)**/__pycache__/**"),
        ("commit", "--quiet", "--message", "Templates"),
        ("tag", "v1.4.0"),
    ):
        subprocess.run(
            ["git", f"--git-dir={folder}", f"--work-tree={CHECKOUT}", *command],
            check=True,
            env={**GIT_ENVIRONMENT, **identity, "HOME": os.devnull},
            cwd=CHECKOUT,
        )
    stage.more = (
        f'\n[templates]\nrepository = "{stage.hub.url}/{TEMPLATES}.git"\n'
        'ref = "v1.4.0"\nfolder = "templates"\n'
    )
    stage.configure()


def _approved(stage: Stage) -> None:
    stage.registry.tags["aiops:deploy-repository"] = DEPLOY
    arn = stage.registry.register()
    stage.registry.update(arn, ModelApprovalStatus="Approved")


def _with_clean_up(stage: Stage) -> None:
    folder = stage.hub.repository(DEPLOY).folder
    # A person with the right to pass the ruleset: the hook is for others.
    hook = folder / "hooks" / "update"
    hook.rename(hook.with_name("aside"))
    person_pushes(folder, {".github/workflows/clean-up.yml": WORKFLOW})
    hook.with_name("aside").rename(hook)


def _nothing(stage: Stage) -> None:
    pass


CHAINS = {
    chain.name: chain
    for chain in (
        Chain("project", _with_files(THEIRS)),
        Chain("pull request", _with_files(IN_THE_WAY)),
        Chain("person", _for_a_person),
        Chain("monorepo", _in_one_repository),
        Chain("templates", _with_templates),
        Chain("approval", _approved, after="project", function="approval"),
        Chain("deletion", _nothing, after="project", function="deletion", event=DELETED),
        Chain("one deletion", _nothing, after="monorepo", function="deletion", event=DELETED),
        Chain("clean-up", _with_clean_up, after="project", function="deletion", event=DELETED),
    )
}
