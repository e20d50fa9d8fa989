"""An approved model package starts the deploy workflow of its project, once per approval.

SageMaker raises "Model Package State Change" for approvals, for life-cycle edits, and for the
notes that we write ourselves. The event only says which package to look at; what to do follows
from what the registry and GitHub say now:

| the package             | our note on it             | what happens                             |
|-------------------------|----------------------------|------------------------------------------|
| Approved                | none, or `withdrawn`       | the workflow is started, `dispatched`    |
| Approved                | `dispatched`               | nothing: it was this approval            |
| not Approved            | `dispatched`               | `withdrawn`: the next approval counts    |
| not Approved            | none, or `withdrawn`       | nothing                                  |

A run that was started while its note could not be written is found again by its title, among
those since the package was made or its last approval was withdrawn. The repository is the one that
the group's tags name, and it must itself say that it is this project's: a tag is no permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from generator import patterns
from generator.control.ports import Ports
from generator.control.registry import Package, Registry, package_region
from generator.control.requests import Document, step_input
from generator.errors import InputError, shown
from generator.layout import DEPLOY, PROJECT

if TYPE_CHECKING:
    from generator.github.dispatch import Run
    from generator.github.repositories import Repository

SOURCE, DETAIL_TYPE = "aws.sagemaker", "SageMaker Model Package State Change"
APPROVED = "Approved"
WORKFLOW = "deploy.yml"
STAGES = ("dev", "test", "prod")
# Roles of repositories that have the workflow.
DEPLOYING = (DEPLOY, PROJECT)
# Where an approval deploys to when the package has no life cycle: the single-account arrangement.
FIRST_STAGE = "dev"
# Tags that the build repository puts on its group.
PROJECT_TAG = "sagemaker:project-id"
TEMPLATE_TAG = "aiops:template"
REPOSITORY_TAG = "aiops:deploy-repository"
# Our note on a package: a word, and a time or a run's number.
NOTE = "aiops.deployment"
DISPATCHED, WITHDRAWN = "dispatched", "withdrawn"

Status = Literal["DISPATCHED", "ALREADY", "WITHDRAWN", "NOT_APPROVED", "NOT_OURS"]


class MisleadingTags(InputError):
    """A group's tags lead to no repository, or to one that is not this project's."""


@dataclass(frozen=True)
class Destination:
    """Whose group it is, and the repository that deploys its models."""

    project_id: str
    repository: str


def approve(given: object, ports: Ports) -> Document:
    """Return {"status", "reason", …} of what an event of the registry led to.

    given: {"event": …}. Raises InputError for a malformed event, what the registry and GitHub
    raise, and MisleadingTags: a dispatch that fails is never a result.
    """
    arn = _package_arn(step_input(given).get("event"))
    if arn is None:
        return _answer("NOT_OURS", "no change of a model package")
    registry = Registry(ports.sagemaker(package_region(arn)))
    package = registry.package(arn)
    if package.group is None:
        return _answer("NOT_OURS", f"{arn} belongs to no group")
    destination = _destination(package.group, registry.group_tags(package.group))
    if destination is None:
        return _answer("NOT_OURS", f"the group {package.group} has no tags of ours")
    dispatched = package.notes.get(NOTE, "").startswith(DISPATCHED)
    if package.approval != APPROVED:
        if not dispatched:
            return _answer("NOT_APPROVED", f"{arn} is {package.approval}")
        registry.note(arn, NOTE, f"{WITHDRAWN} {_stamp(datetime.now(UTC))}")
        return _answer("WITHDRAWN", f"{arn} is {package.approval} again")
    if dispatched:
        return _answer("ALREADY", f"{arn} was sent to {destination.repository} before")
    stage = _stage(package)
    repository, run = _dispatch(package, destination, stage, ports)
    registry.note(arn, NOTE, f"{DISPATCHED} {run.id or _stamp(datetime.now(UTC))}")
    return _answer(
        "DISPATCHED" if run.started else "ALREADY",
        None,
        project_id=destination.project_id,
        repository=repository.name,
        model_package_arn=arn,
        stage=stage,
        run=run.url,
    )


def _package_arn(event: object) -> str | None:
    if not isinstance(event, Mapping) or not isinstance(event.get("detail"), Mapping):
        raise InputError(f"the event of a model package is an object, not {shown(event)}")
    if (event.get("source"), event.get("detail-type")) != (SOURCE, DETAIL_TYPE):
        return None
    arn = event["detail"].get("ModelPackageArn")
    package_region(arn)
    return str(arn)


def _destination(group: str, tags: Mapping[str, str]) -> Destination | None:
    """Return where the group's tags lead; None when the group is not ours."""
    if PROJECT_TAG not in tags or TEMPLATE_TAG not in tags:
        return None
    project, repository = tags[PROJECT_TAG], tags.get(REPOSITORY_TAG)
    if not patterns.matches(patterns.PROJECT_ID, project):
        raise MisleadingTags(f"{group}: {PROJECT_TAG} = {shown(project)} is not a project's id")
    if not patterns.matches(patterns.REPOSITORY, repository):
        raise MisleadingTags(
            f"{group}: {REPOSITORY_TAG} = {shown(repository)} is not owner/repository; tag the"
            " group with github.deploy_repository of the project's cicd-config.json"
        )
    return Destination(project, str(repository))


def _stage(package: Package) -> str:
    stage = (package.stage or FIRST_STAGE).casefold()
    return stage if stage in STAGES else FIRST_STAGE


def _dispatch(
    package: Package, destination: Destination, stage: str, ports: Ports
) -> tuple[Repository, Run]:
    from generator.github.dispatch import dispatch

    api = ports.github()
    repository = _own(destination, ports)
    run = dispatch(
        api,
        repository.name,
        WORKFLOW,
        repository.default_branch,
        {
            "model_package_arn": package.arn,
            "stage": stage,
            "model_package_group": package.group or "",
            "version": str(package.version or ""),
        },
        # As the workflow's `run-name` makes it.
        title=f"Deploy to {stage} · {package.arn}",
        since=_counts_since(package),
    )
    return repository, run


def _own(destination: Destination, ports: Ports) -> Repository:
    from generator.github.errors import RepositoryArchived
    from generator.github.ownership import configured_owner
    from generator.github.repositories import find_repository

    api = ports.github()
    repository = find_repository(api, destination.repository)
    if repository is None:
        raise MisleadingTags(
            f"there is no repository {destination.repository}, or the token may not see it:"
            f" correct the tag {REPOSITORY_TAG} of the group, or install the GitHub App on it"
        )
    owner = configured_owner(api, repository.name)
    if owner is None or owner.project_id != destination.project_id or owner.role not in DEPLOYING:
        whose = f"that of {shown(owner.project_id)} ({shown(owner.role)})" if owner else "nobody's"
        raise MisleadingTags(
            f"{repository.url} is not the deploy repository of {destination.project_id} but"
            f" {whose}, by its cicd-config.json: correct the tag {REPOSITORY_TAG} of the group"
        )
    if repository.archived:
        raise RepositoryArchived(f"{repository.url} is archived: unarchive it, then approve again")
    return repository


def _counts_since(package: Package) -> datetime:
    """Return the moment after which a run of the package can only be this approval's."""
    word, _, time = package.notes.get(NOTE, "").partition(" ")
    if word == WITHDRAWN:
        try:
            # GitHub finds runs by whole seconds: one of that very second came before.
            return datetime.fromisoformat(time) + timedelta(seconds=1)
        except ValueError:
            pass
    return package.created_at


def _stamp(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _answer(status: Status, reason: str | None, **found: Any) -> Document:
    return {"status": status, "reason": reason, **found}
