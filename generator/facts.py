"""What is known about a project in the cloud, and the shape in which templates take it.

`ProjectFacts.mapping()` is the `_facts` object of a template's `cookiecutter.json`; each of its
values is checked against an allow-list before anything is rendered with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generator import patterns
from generator.errors import InputError, shown

# cookiecutter does not render values whose names start with "_", but templates print them.
FACT_PATTERNS: dict[str, str] = {
    "project.id": patterns.PROJECT_ID,
    "project.profile": patterns.NAME,
    "project.domain_id": patterns.DOMAIN_ID,
    "project.domain_unit_id": patterns.DOMAIN_UNIT_ID,
    "project.scope_name": patterns.SCOPE,
    "aws.account_id": patterns.ACCOUNT,
    "sagemaker.domain_arn": patterns.SAGEMAKER_DOMAIN_ARN,
    "sagemaker.pipeline_role_arn": patterns.ROLE_ARN,
    "storage.bucket": patterns.BUCKET,
    "storage.prefix": patterns.PREFIX,
    "catalog.glue_database": patterns.GLUE_DATABASE,
    "catalog.athena_workgroup": patterns.ATHENA_WORKGROUP,
    "mlflow.tracking_arn": patterns.MLFLOW_ARN,
    "github.build_repository": patterns.REPOSITORY,
    "github.deploy_repository": patterns.REPOSITORY,
    "github.default_branch": patterns.BRANCH,
    **{
        f"stages.{stage}.{fact}": pattern
        for stage in ("dev", "test", "prod")
        for fact, pattern in {
            "account_id": patterns.ACCOUNT,
            "region": patterns.REGION,
            "build_role_arn": patterns.ROLE_ARN,
            "deploy_role_arn": patterns.ROLE_ARN,
        }.items()
    },
}

FactMapping = dict[str, "str | FactMapping | None"]


class UnusableFact(InputError):
    """A fact that no template may be rendered with."""


@dataclass(frozen=True)
class StageFacts:
    """Where one stage of a project is, and the roles that its workflows assume there."""

    account_id: str
    region: str
    build_role_arn: str | None = None
    deploy_role_arn: str | None = None


@dataclass(frozen=True)
class ProjectFacts:
    """A project's facts. None stands for what the project does not have (yet).

    stages: what an administrator's configuration says; of dev, where the project is, is known
    without one. extra_tags: go beside those by which Unified Studio finds a project's resources.
    """

    project_id: str
    name: str
    profile: str
    domain_id: str
    account_id: str
    region: str
    build_repository: str
    deploy_repository: str
    default_branch: str
    pipeline_role_arn: str
    bucket: str
    prefix: str
    domain_unit_id: str | None = None
    scope_name: str | None = None
    sagemaker_domain_arn: str | None = None
    glue_database: str | None = None
    athena_workgroup: str | None = None
    mlflow_tracking_arn: str | None = None
    stages: Mapping[str, StageFacts] = field(default_factory=dict)
    extra_tags: Mapping[str, str] = field(default_factory=dict)

    def mapping(self) -> FactMapping:
        """Return the facts in the shape of a template's `_facts`; unknown ones are absent."""
        return _known(
            {
                "project": {
                    "id": self.project_id,
                    "profile": self.profile,
                    "domain_id": self.domain_id,
                    "domain_unit_id": self.domain_unit_id,
                    "scope_name": self.scope_name,
                },
                "aws": {"account_id": self.account_id},
                "sagemaker": {
                    "domain_arn": self.sagemaker_domain_arn,
                    "pipeline_role_arn": self.pipeline_role_arn,
                },
                "storage": {"bucket": self.bucket, "prefix": self.prefix},
                "catalog": {
                    "glue_database": self.glue_database,
                    "athena_workgroup": self.athena_workgroup,
                },
                "mlflow": {"tracking_arn": self.mlflow_tracking_arn},
                "github": {
                    "build_repository": self.build_repository,
                    "deploy_repository": self.deploy_repository,
                    "default_branch": self.default_branch,
                },
                "stages": self._stages(),
                "tags": self._tags(),
            }
        )

    def _stages(self) -> FactMapping:
        known = {"dev": StageFacts(self.account_id, self.region), **self.stages}
        return {stage: dict(vars(facts)) for stage, facts in known.items()}

    def _tags(self) -> FactMapping:
        """Tags by which Unified Studio finds a project's resources, and the configuration's."""
        return {
            **self.extra_tags,
            "sagemaker:project-id": self.project_id,
            "sagemaker:project-name": self.name,
            "AmazonDataZoneDomain": self.domain_id,
            "AmazonDataZoneProject": self.project_id,
            "AmazonDataZoneScopeName": self.scope_name,
        }


def _known(facts: FactMapping) -> FactMapping:
    return {
        name: _known(value) if isinstance(value, dict) else value
        for name, value in facts.items()
        if value is not None
    }


def leaves(facts: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield (dotted path, value) for each value of nested `facts`."""
    for name, value in facts.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def check_facts(facts: Mapping[str, object], declared: Mapping[str, object]) -> None:
    """Raise UnusableFact unless each of `facts` is `declared` by the template and well formed.

    Null stands for an unknown fact. Tags are free in number: their keys are checked like values.
    """
    known = {path for path, _ in leaves(_without_tags(declared))}
    for path, value in leaves(_without_tags(facts)):
        if path not in known:
            raise UnusableFact(
                f"facts.{_named(path)} is not a fact of this template, which knows"
                f" {', '.join(_like(path, known))}"
            )
        pattern = FACT_PATTERNS.get(path)
        if pattern is None:
            raise UnusableFact(f"facts.{_named(path)} has no pattern to be checked against")
        if value is not None and not patterns.matches(pattern, value):
            raise UnusableFact(f"facts.{path} = {shown(value)}: not of the expected form")
    _check_tags(facts.get("tags", {}), allowed="tags" in declared)


def only_declared_stages(facts: FactMapping, declared: Mapping[str, object]) -> FactMapping:
    """Return `facts` without what a template does not know of the stages.

    The configuration describes every stage alike; a template may have no use for a test stage, or
    for a build role in prod.
    """
    known = {path for path, _ in leaves(declared)}
    stages = facts.get("stages")
    return {
        **facts,
        "stages": {
            stage: {key: value for key, value in given.items() if f"stages.{stage}.{key}" in known}
            for stage, given in (stages.items() if isinstance(stages, dict) else ())
            if isinstance(given, dict)
        },
    }


def missing_facts(facts: Mapping[str, object], declared: Mapping[str, object]) -> tuple[str, ...]:
    """Return the dotted paths of the facts that stay null when `facts` fill the `declared` ones."""
    given = {path for path, value in leaves(facts) if value is not None}
    empty = {path for path, value in leaves(declared) if value is None}
    return tuple(sorted(empty - given))


def _without_tags(facts: Mapping[str, object]) -> dict[str, object]:
    return {section: value for section, value in facts.items() if section != "tags"}


def _check_tags(tags: object, *, allowed: bool) -> None:
    if not isinstance(tags, Mapping) or (tags and not allowed):
        raise UnusableFact(f"facts.tags = {shown(tags)}: not tags that this template takes")
    for key, value in tags.items():
        if not patterns.matches(patterns.TAG_KEY, key):
            raise UnusableFact(f"facts.tags has the key {shown(key)}: not a tag's key")
        if not patterns.matches(patterns.TAG_VALUE, value):
            raise UnusableFact(f"facts.tags.{key} = {shown(value)}: not of the expected form")


def _like(path: str, known: set[str]) -> list[str]:
    """Return the known facts of the same section, or the sections when there is none such."""
    section = path.split(".")[0]
    beside = {other for other in known if other.split(".")[0] == section}
    return sorted(beside or {f"{other.split('.')[0]}.*" for other in known})


def _named(path: str) -> str:
    """A path may hold what came from outside: show odd ones quoted."""
    return path if patterns.matches(r"[a-z_]+(?:\.[a-z_]+)*", path) else shown(path)
