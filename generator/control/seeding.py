"""The steps that fill a project's repositories: build first, then deploy.

With both as folders of one repository, the first step fills it, and the second sets it up.
Each looks at the remote and completes what is missing, so both may run again after anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from generator.config.model import STAGES
from generator.control.ports import Ports
from generator.control.requests import Document, request_of, step_input
from generator.create import ProjectPlan, plan_known
from generator.errors import InputError
from generator.layout import BUILD, DEPLOY, PROJECT, QUESTION, SEPARATE
from generator.projects import read_project
from generator.repositories import SEED_BRANCH, Seed, SeededRepository, seed

if TYPE_CHECKING:
    from generator.github.repositories import Repository, WantedRepository
    from generator.github.transport import Api


class UnsupportedLayout(InputError):
    """The configuration wants an arrangement of repositories that the template does not have."""


@dataclass(frozen=True)
class Seeded:
    """Where a repository stands. role: build, deploy, or project for both. url: for a person.

    missing: facts that stay null in it. notes: what is not as it was wanted, and why.
    """

    role: str
    repository: str
    url: str
    state: str
    branch: str
    commit: str
    tree: str
    pull_request: str | None
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    def document(self) -> Document:
        """Return it as the state machine keeps it."""
        return asdict(self) | {"missing": list(self.missing), "notes": list(self.notes)}


def plan(given: object, ports: Ports) -> ProjectPlan:
    """Return what the project of a step's input needs: its facts are read, its files rendered.

    Raises UnsupportedLayout, and what `requests`, `projects`, `config.facts` and `create` raise.
    """
    request = request_of(step_input(given), ports)
    facts = read_project(ports.datazone(request.region), request)
    planned = plan_known(request, facts, ports.catalog(), config=ports.config)
    layout = ports.config.github.repo_layout
    if layout != SEPARATE and planned.template.question(QUESTION) is None:
        raise UnsupportedLayout(
            f"github.repo_layout = {layout!r}: the template {planned.template.name} has separate"
            " repositories only; correct aiops.toml"
        )
    return planned


def seed_build(given: object, ports: Ports) -> Document:
    """Fill the repository that Unified Studio has made; return a `Seeded` document.

    Raises what `plan`, `repositories` and GitHub raise.
    """
    planned = plan(given, ports)
    wanted = planned.seed_of(BUILD)
    done = seed(ports.git().remote(wanted.name), wanted)
    return _seeded(planned, wanted, done, ports).document()


def seed_deploy(given: object, ports: Ports) -> Document:
    """Make, fill and configure the deploy repository; return a `Seeded` document.

    One that is both is there, and filled unless `seed_build` was left out. Raises what `plan`,
    `repositories` and GitHub raise; RepositoryForeign when there is another one of that name, which
    stays as it is.
    """
    from generator.github.repositories import adopt_repository, own_repository

    planned = plan(given, ports)
    wanted = planned.seed_of(DEPLOY)
    api = ports.github()
    take = adopt_repository if wanted.role == PROJECT else own_repository
    repository = take(api, wanted_repository(planned, ports))
    # An owner may have renamed it: we go on in it, as GitHub does.
    wanted = replace(wanted, name=repository.name)
    done = seed(ports.git().remote(wanted.name), wanted)
    notes = _configured(api, repository, ports)
    return _seeded(planned, wanted, done, ports, notes).document()


def wanted_repository(planned: ProjectPlan, ports: Ports) -> WantedRepository:
    """Return what the repository of a plan shall be that deploys."""
    from generator.github.repositories import WantedRepository

    github = ports.config.github
    wanted = planned.seed_of(DEPLOY)
    return WantedRepository(
        name=wanted.name,
        owner_kind=github.owner_kind,
        project_id=planned.facts.project_id,
        role=wanted.role,
        description=f"Deploys the models of {planned.facts.name}",
        topics=github.topics,
        visibility=github.visibility,
        team_id=_reviewing_team(ports),
    )


def _reviewing_team(ports: Ports) -> int | None:
    """Return the first team that reviews. A repository that is made for it can be read by it at
    once: otherwise GitHub drops such a reviewer, which costs two more calls. Asked of GitHub once.

    Raises UnknownReviewer, before there is a repository.
    """
    from generator.github.reviewers import identify

    github = ports.config.github
    teams = (one for stage in github.reviewers.values() for one in stage if one.kind == "team")
    first = next(teams, None)
    return None if first is None else identify(ports.github(), github.owner, first).id


def _configured(api: Api, repository: Repository, ports: Ports) -> tuple[str, ...]:
    """Set up what is not in the files; return what is not as it was wanted.

    The ruleset is last: nothing is pushed past it.
    """
    from generator.github.environments import WantedEnvironment, ensure_environments
    from generator.github.protection import protect_default_branch
    from generator.github.secrets import set_secrets

    github = ports.config.github
    environments = ensure_environments(
        api,
        repository.name,
        [WantedEnvironment(stage, github.reviewers.get(stage, ())) for stage in STAGES],
    )
    notes = [standing.note for standing in environments]
    values = {name: ports.secrets(arn) for name, arn in github.secrets.items()}
    set_secrets(api, repository.name, values)
    if github.protect_default_branch:
        notes.append(protect_default_branch(api, repository.name).note)
    return tuple(note for note in notes if note)


def _seeded(
    planned: ProjectPlan,
    wanted: Seed,
    done: SeededRepository,
    ports: Ports,
    notes: tuple[str, ...] = (),
) -> Seeded:
    return Seeded(
        role=wanted.role,
        repository=done.name,
        url=f"{ports.config.github.git_url}/{done.name}",
        state=done.state,
        branch=done.branch,
        commit=done.commit,
        tree=done.tree,
        pull_request=_pull_request(wanted, done, ports) if done.branch == SEED_BRANCH else None,
        missing=planned.missing,
        notes=notes,
    )


def _pull_request(wanted: Seed, done: SeededRepository, ports: Ports) -> str | None:
    """Return the address of the pull request for our branch, opened unless there was one."""
    from generator.github.pulls import open_pull

    pull = open_pull(
        ports.github(),
        done.name,
        SEED_BRANCH,
        wanted.default_branch,
        f"Add the files of the {wanted.role} repository",
        f"Nothing of yours was changed: {done.note}.\n\n"
        "Merge this to let the project's workflows run. Where a file of yours and one of these"
        " have the same name, choose what shall stay; `cicd-config.json` is needed as it is.\n",
    )
    return pull.url if pull else None
