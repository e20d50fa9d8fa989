"""What an administrator's `aiops.toml` says, as frozen data. `load` makes it; nothing else does.

Texts are checked against their patterns before they come here. A mapping cannot be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from generator.catalog import plain
from generator.layout import Layout
from generator.regions import partition_of

STAGES = ("dev", "test", "prod")
# The tenant of projects that no other tenant claims.
DEFAULT_TENANT = "default"

Visibility = Literal["private", "internal", "public"]
OwnerKind = Literal["organization", "user"]
Deletion = Literal["archive", "keep"]
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Place:
    """An AWS account (12 digits) and a region."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """Return the part of AWS that the region belongs to, as ARNs name it."""
        return partition_of(self.region)


@dataclass(frozen=True)
class Governance(Place):
    """Where the DataZone domains are, and which of them are served.

    domains: their ids; empty when all of the organization are served. organization_id: whose
    accounts may send events; None when only `account` may.
    """

    domains: tuple[str, ...]
    organization_id: str | None


@dataclass(frozen=True)
class Reviewer:
    """Who must approve a deployment: a user by login, or a team of the organization by slug."""

    kind: Literal["user", "team"]
    name: str


@dataclass(frozen=True)
class GitHub:
    """How GitHub is reached, and what the repositories there look like.

    token_secret: ARN or name of the secret in the shared-services account; its JSON has the key
    `token`, or the GitHub App's keys. deploy_repository: a pattern without the owner. secrets: the
    name of a GitHub secret -> ARN of the Secrets Manager secret with its value. secret_keys: ARNs
    of the KMS keys that these secrets are encrypted with, where it is not AWS's own.
    """

    api_url: str
    git_url: str
    owner: str
    owner_kind: OwnerKind
    auth: Literal["app", "token"]
    token_secret: str
    visibility: Visibility
    topics: tuple[str, ...]
    deploy_repository: str
    repo_layout: Layout
    protect_default_branch: bool
    reviewers: Mapping[str, tuple[Reviewer, ...]]
    secrets: Mapping[str, str]
    secret_keys: tuple[str, ...]

    @property
    def oidc_issuer(self) -> str:
        """Return host and path of who signs the tokens of GitHub's workflows."""
        host = urlsplit(self.git_url).hostname or ""
        if host == "github.com":
            return "token.actions.githubusercontent.com"
        if host.endswith(".ghe.com"):
            return f"token.actions.{host}"
        return f"{host}/_services/token"


@dataclass(frozen=True)
class Stage(Place):
    """Account and region of one stage of a tenant, and the patterns of its roles' names."""

    build_role: str | None
    deploy_role: str | None


@dataclass(frozen=True)
class Tenant:
    """A line of business: which projects are its, and where their stages are.

    `stages` has the stages that are configured. A project's dev stage is where the project is;
    when `dev` is configured, the two must agree. Role patterns hold for a dev stage that is not.
    """

    name: str
    domain_units: tuple[str, ...]
    profiles: tuple[str, ...]
    build_role: str | None
    deploy_role: str | None
    stages: Mapping[str, Stage]


@dataclass(frozen=True)
class Naming:
    """Patterns of names. prefix: begins the names of the control plane's own resources."""

    prefix: str
    build_role: str | None
    deploy_role: str | None


@dataclass(frozen=True)
class Wait:
    """How a project's environments are waited for: pauses from `first` to `longest` seconds.

    Each pause is `backoff_rate` times the one before; after `limit_minutes` waiting ends.
    """

    limit_minutes: int
    first_seconds: int
    longest_seconds: int
    backoff_rate: float


@dataclass(frozen=True)
class TemplateSource:
    """A git repository with a template collection. ref: a tag, or a commit of 40 digits."""

    repository: str
    ref: str
    folder: str

    @property
    def is_commit(self) -> bool:
        """Whether `ref` is a commit's full id."""
        return len(self.ref) == 40 and set(self.ref) <= set("0123456789abcdef")


@dataclass(frozen=True)
class Notifications:
    """Who is told: e-mail addresses, and a topic that exists already. Both may be absent."""

    emails: tuple[str, ...]
    topic_arn: str | None


@dataclass(frozen=True)
class Config:
    """Everything that `aiops.toml` says, defaults filled in.

    profiles: project profile -> template; empty when the templates' own lists hold. answers:
    template -> question -> answer. templates: None for the built-in ones. oidc_provider_arns: of
    the accounts that have GitHub's provider already; in others it is created. joining: stage ->
    ends of the names of projects that join another project as that stage. reserve_concurrency:
    whether the functions' shares of the account's concurrency are kept free for them.
    """

    governance: Governance
    shared_services: Place
    github: GitHub
    profiles: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]
    tenants: tuple[Tenant, ...]
    naming: Naming
    wait: Wait
    templates: TemplateSource | None
    tags: Mapping[str, str]
    notifications: Notifications
    deletion: Deletion
    oidc_provider_arns: tuple[str, ...]
    joining: Mapping[str, tuple[str, ...]]
    reserve_concurrency: bool

    def tenant_of(self, domain_unit_id: str | None, profile: str) -> Tenant | None:
        """Return whose project it is: by domain unit, then by profile, then the default."""
        wanted = plain(profile)
        for tenant in self.tenants:
            if domain_unit_id is not None and domain_unit_id in tenant.domain_units:
                return tenant
        for tenant in self.tenants:
            if wanted in map(plain, tenant.profiles):
                return tenant
        return next((tenant for tenant in self.tenants if tenant.name == DEFAULT_TENANT), None)
