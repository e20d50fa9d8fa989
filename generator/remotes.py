"""Where repositories are: below an https address, or in a folder of bare repositories.

Tokens are asked for at the moment of a request and travel in its Authorization header only. They
are never part of an address, a message or the representation of an object.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dulwich.client import GitClient, HTTPUnauthorized, LocalGitClient, Urllib3HttpGitClient
from dulwich.config import ConfigDict
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.repo import Repo
from urllib3.util.retry import Retry

from generator import patterns
from generator.errors import GeneratorError, InputError, shown

TokenProvider = Callable[[], str]

TOKEN_VARIABLE = "AIOPS_GIT_TOKEN"
# GitHub takes any token as the password of this user (its documentation on App tokens).
TOKEN_USER = "x-access-token"
TIMEOUT_SECONDS = 30
CONNECTION_ATTEMPTS = 3
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class UnusableBase(InputError):
    """A git base that is neither an https address nor a folder."""


class RemoteRefused(InputError):
    """The git server does not accept our token, or the token may not do this."""


class RepositoryMissing(InputError):
    """The git server has no such repository, or hides it from our token."""


class RemoteUnavailable(GeneratorError):
    """The git server could not be reached or answered something unexpected."""


@dataclass(frozen=True)
class Remote:
    """One repository: `location` is its address, or the folder of a bare repository."""

    location: str
    in_folder: bool
    token: TokenProvider | None = field(default=None, repr=False)

    def client(self) -> tuple[GitClient, str]:
        """Return a dulwich client and the path to give to its methods."""
        if self.in_folder:
            return LocalGitClient(), self.location
        # Small packs go out in one piece: GitHub rejects some chunked uploads.
        config = ConfigDict()
        config.set((b"http",), b"postBuffer", b"64m")
        client = Urllib3HttpGitClient(
            self.location,
            config=config,
            username=TOKEN_USER if self.token else None,
            password=self.token() if self.token else None,
            timeout=TIMEOUT_SECONDS,
            quiet=True,
        )
        # A pause that the server asks for may be longer than the process lives: who called decides.
        client.pool_manager.connection_pool_kw["retries"] = Retry(
            CONNECTION_ATTEMPTS, respect_retry_after_header=False
        )
        return client, ""

    def create_if_missing(self, default_branch: str) -> None:
        """Make an empty bare repository, if this one is in a folder and does not exist.

        It is prepared aside and moved into place, so that two makers never see half of one.
        """
        folder = Path(self.location)
        if not self.in_folder or folder.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            aside.chmod(0o755)
            Repo.init_bare(aside, default_branch=default_branch.encode()).close()
            aside.rename(folder)
        except OSError:
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn dulwich's errors into ours, which name the repository and say what to do."""
        try:
            yield
        except HTTPUnauthorized:
            what = "refused the token" if self.token else "asks for a token"
            raise RemoteRefused(
                f"{self.location} {what} (401); set {TOKEN_VARIABLE} to one that may write"
                " contents and workflows of this repository"
            ) from None
        except NotGitRepository:
            raise RepositoryMissing(
                f"there is no repository {self.location}, or the token may not see it; create it"
                " empty, or install the GitHub App on it"
            ) from None
        except (GitProtocolError, HangupException) as error:
            if "http resp 403" in str(error):
                raise RemoteRefused(
                    f"{self.location}: the token may not write (403); it needs write access to"
                    " contents and workflows"
                ) from None
            raise RemoteUnavailable(f"{self.location}: {shown(str(error), 300)}") from error
        except ValueError:
            # A page of a proxy, say; what it says is not for our messages.
            raise RemoteUnavailable(f"{self.location} answered something that is not git") from None
        except OSError as error:
            raise RemoteUnavailable(f"{self.location}: {error}") from error


@dataclass(frozen=True)
class GitBase:
    """What the repositories' names are appended to: an https address or a folder."""

    location: str
    in_folder: bool
    token: TokenProvider | None = field(default=None, repr=False)

    def remote(self, name: str) -> Remote:
        """Return the repository called `name` (owner/repository)."""
        if not patterns.matches(patterns.REPOSITORY, name):
            raise UnusableBase(f"repository = {shown(name)}: not owner/repository")
        return Remote(f"{self.location}/{name}.git", self.in_folder, self.token)


def git_base(text: str, token: TokenProvider | None = None) -> GitBase:
    """Return the base that `text` names: https://host[/path], or a folder (made when needed).

    Plain http is taken from this machine only. UnusableBase for anything else, and for an address
    that carries a user or a token.
    """
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        if not text or re.match(r"[^/]*[@:]", text) or any(ord(c) < 32 for c in text):
            raise UnusableBase(
                f"git base = {_without_user(text)}: give an https address or a folder"
            )
        return GitBase(str(Path(text).expanduser().resolve()), in_folder=True)
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UnusableBase(f"git base: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise UnusableBase(
            f"git base = {_without_user(text)}: leave user and token out of the address;"
            f" set {TOKEN_VARIABLE}"
        )
    host = parts.hostname or ""
    if parts.query or parts.fragment or not re.fullmatch(r"[A-Za-z0-9.:-]+", host):
        raise UnusableBase(f"git base = {shown(text)}: not an address of repositories")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise UnusableBase(f"git base = {shown(text)}: only https keeps a token secret")
    host = f"[{host}]" if ":" in host else host
    return GitBase(f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}", False, token)


def environment_token() -> TokenProvider | None:
    """Return a provider that reads AIOPS_GIT_TOKEN when asked; None when it is not set."""
    if not os.environ.get(TOKEN_VARIABLE):
        return None
    return lambda: os.environ[TOKEN_VARIABLE]


def _without_user(text: str) -> str:
    return shown(re.sub(r"[^/]*@", "***@", text))
