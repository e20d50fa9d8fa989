"""A deleted project: its repositories are archived, or kept, and somebody is told what remains.

Nothing is ever deleted. What the project deployed keeps running, and costs, until a person removes
it: the deploy repository's clean-up workflow is started where there is one, else an issue is
opened there that lists what to look for. Only repositories that say they are this project's are
touched.

The deploy repository is found by its name, which follows from the project's; a repository that is
both, build and deploy, by the topic that the seeding gave it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from generator import patterns
from generator.config.naming import fill
from generator.control.ports import Ports
from generator.control.requests import Document, step_input
from generator.errors import InputError, shown
from generator.layout import BUILD, DEPLOY, PROJECT

if TYPE_CHECKING:
    from generator.github.repositories import Repository
    from generator.github.transport import Api

DELETE = "DeleteProject"
CLEAN_UP = "clean-up.yml"


@dataclass(frozen=True)
class DeletedProject:
    """A project that is no more. deleted_at: None where the event does not say."""

    project_id: str
    domain_id: str
    deleted_at: datetime | None


def delete(given: object, ports: Ports) -> Document:
    """Return {"status", "reason", "repositories", "issue", "run"} for a DeleteProject event.

    status: NOT_OURS, or DONE. Each repository has its name and state: archived, kept. Raises
    InputError for a malformed event, and what GitHub raises.
    """
    project = _deleted(step_input(given).get("event"))
    if project is None:
        return _answer("NOT_OURS", "no project was deleted")
    api, config = ports.github(), ports.config
    if config.governance.domains and project.domain_id not in config.governance.domains:
        return _answer("NOT_OURS", f"domain {project.domain_id} is not among those we serve")
    name = fill(
        config.github.deploy_repository,
        {"project_id": project.project_id, "domain_id": project.domain_id},
    )
    deploy = _own(api, f"{config.github.owner}/{name}", project, DEPLOY)
    if deploy is not None:
        build = _own(api, _build_repository(api, deploy), project, BUILD)
    elif (deploy := _both(api, config.github.owner, project)) is not None:
        build = None
    else:
        return _answer("NOT_OURS", f"{config.github.owner} has no repository of ours for it")
    told = _tell(api, deploy, project, archive=config.deletion == "archive")
    archived = {
        repository
        for repository in (build, deploy)
        # A workflow cannot run in an archived repository.
        if config.deletion == "archive" and not (repository is deploy and told["run"])
    }
    repositories = [
        {"name": repository.name, "state": _ended(api, repository, archive=repository in archived)}
        for repository in (build, deploy)
        if repository is not None
    ]
    return _answer("DONE", None, repositories=repositories, **told)


def _deleted(event: object) -> DeletedProject | None:
    if not isinstance(event, Mapping) or not isinstance(event.get("detail"), Mapping):
        raise InputError(f"a DeleteProject event is an object, not {shown(event)}")
    detail = event["detail"]
    if detail.get("eventName") != DELETE or detail.get("errorCode"):
        return None
    asked = detail.get("requestParameters")
    asked = asked if isinstance(asked, Mapping) else {}
    for name, pattern in (
        ("identifier", patterns.PROJECT_ID),
        ("domainIdentifier", patterns.DOMAIN_ID),
    ):
        if not patterns.matches(pattern, asked.get(name)):
            raise InputError(
                f"the DeleteProject event cannot be used: detail.requestParameters.{name} ="
                f" {shown(asked.get(name))} is not of the expected form"
            )
    return DeletedProject(asked["identifier"], asked["domainIdentifier"], _time(event.get("time")))


def _time(text: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def _own(api: Api, name: object, project: DeletedProject, role: str) -> Repository | None:
    """Return the repository if it says that it is this project's."""
    from generator.github.ownership import configured_owner
    from generator.github.repositories import find_repository

    if not isinstance(name, str) or not patterns.matches(patterns.REPOSITORY, name):
        return None
    found = find_repository(api, name)
    owner = configured_owner(api, found.name) if found else None
    ours = owner and (owner.project_id, owner.role) == (project.project_id, role)
    return found if ours else None


def _both(api: Api, owner: str, project: DeletedProject) -> Repository | None:
    """Return the repository that is the project's build and deploy repository at once."""
    from generator.github.repositories import marked_repositories

    for found in marked_repositories(api, owner, project.project_id):
        if ours := _own(api, found.name, project, PROJECT):
            return ours
    return None


def _build_repository(api: Api, deploy: Repository) -> object:
    """Return the build repository's name, as the deploy repository has it in its configuration."""
    from generator.commits import CONFIG
    from generator.github.transport import repository_path

    content = api.get(repository_path(deploy.name, "contents", CONFIG))["content"]
    try:
        return json.loads(base64.b64decode(content))["github"]["build_repository"]
    except (ValueError, LookupError, TypeError):
        return None


def _tell(
    api: Api, deploy: Repository, project: DeletedProject, *, archive: bool
) -> dict[str, str | None]:
    """Start the clean-up workflow or open the issue, in a repository that can still be written."""
    from generator.github.dispatch import dispatch
    from generator.github.issues import open_issue
    from generator.github.transport import repository_path

    if deploy.archived:
        return {"run": None, "issue": None}
    workflow = api.find(repository_path(deploy.name, "actions", "workflows", CLEAN_UP))
    if workflow is not None and workflow["state"] == "active":
        run = dispatch(
            api,
            deploy.name,
            CLEAN_UP,
            deploy.default_branch,
            {},
            # Whoever started one since then has started this one: once is enough.
            since=project.deleted_at,
        )
        return {"run": run.url or deploy.url, "issue": None}
    title = f"The project {project.project_id} was deleted: remove what it has deployed"
    return {"run": None, "issue": open_issue(api, deploy.name, title, _issue(archive)).url}


def _ended(api: Api, repository: Repository, *, archive: bool) -> str:
    from generator.github.repositories import archive_repository

    if archive:
        archive_repository(api, repository.name)
    return "archived" if archive or repository.archived else "kept"


def _issue(archive: bool) -> str:
    after = (
        "The project's repositories are archived now: nothing is lost, and anybody with"
        " administration rights can unarchive them."
        if archive
        else "The repositories are kept as they are."
    )
    return (
        "The project was deleted in SageMaker Unified Studio. What it deployed was not: it keeps"
        " running, and costs, until somebody removes it.\n\n"
        "- [ ] The CloudFormation stacks of each stage (endpoint, alarms, scaling): delete them in"
        " the accounts that `cicd-config.json` names under `stages`\n"
        "- [ ] The group of model packages, tagged `sagemaker:project-id`, and its versions\n"
        "- [ ] The SageMaker pipeline of the build repository\n"
        "- [ ] The project's prefix in S3, named under `storage`, if its data may go\n"
        "- [ ] The build and deploy roles, if nothing else uses them\n\n"
        f"{after}\n"
    )


def _answer(status: str, reason: str | None, **found: Any) -> Document:
    return {"status": status, "reason": reason, **found}
