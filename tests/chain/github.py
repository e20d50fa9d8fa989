"""GitHub's stand-in with an organization, an App, and the repositories that users have chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from generator.standins.github import GitHubStandIn
from generator.standins.github.state import Repository
from tests.generator.generator_stage import git, person_pushes

OWNER, TEAM = "acme-ml", "governance"
APP, INSTALLATION = "424242", 678


@dataclass(frozen=True)
class AppSecret:
    """The App's secret as it is stored in Secrets Manager. key: PEM of its private key."""

    key: str = field(repr=False)

    @property
    def document(self) -> str:
        """The JSON text of the secret."""
        return json.dumps(
            {"app_id": APP, "installation_id": str(INSTALLATION), "private_key": self.key}
        )

    @property
    def needles(self) -> list[str]:
        """Lines of the key that nothing else has: where one is found, the key has leaked."""
        return self.key.splitlines()[3:6]


def furnish(hub: GitHubStandIn) -> AppSecret:
    """Let the organization, its team and the App be there; return the App's secret."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    hub.add_account(OWNER, "Organization")
    hub.add_team(OWNER, TEAM)
    hub.add_app(APP, public, {INSTALLATION: OWNER})
    return AppSecret(pem.decode())


def made_by_unified_studio(hub: GitHubStandIn, name: str) -> Repository:
    """Return a build repository as it comes: with the first commit that a git host makes."""
    repository = hub.create_repository(name)
    person_pushes(repository.folder, {"README.md": f"# {name.partition('/')[2]}\n"})
    return repository


def working_copy(repository: Repository, folder: Path) -> Path:
    """Clone a repository as a person does; the clone says where on GitHub it is from."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    git("clone", "--quiet", repository.folder, folder, cwd=folder.parent)
    address = f"https://github.com/{repository.full_name}.git"
    git("remote", "set-url", "origin", address, cwd=folder)
    return folder
