"""Tokens of a GitHub App: a signed claim of being the App is exchanged for one of an installation.

The exchange is described at GitHub's "Generating an installation access token for a GitHub App".
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import datetime

from generator.errors import GeneratorError
from generator.github.clock import Clock
from generator.github.concealed import Concealed
from generator.github.errors import GitHubMissing, GitHubRefused, TokenUnusable
from generator.github.http import Http
from generator.github.instance import Instance

# A claim may be valid for ten minutes at most; it starts in the past, should our clock be ahead.
CLAIM_SECONDS, CLAIM_STARTS_BEFORE = 540, 60
# Tokens live for an hour. One that has less than this left is replaced before it is used.
SPARE_SECONDS = 300


@dataclass(frozen=True)
class AppKey:
    """By what a GitHub App proves itself, and the installation that we act for."""

    app_id: str
    installation_id: str
    private_key: Concealed


def app_key(app_id: Concealed, installation_id: Concealed, private_key: Concealed) -> AppKey:
    """Return the key of a secret's members; TokenUnusable when one is malformed."""
    if not re.fullmatch(r"\s*[0-9]{1,20}\s*", installation_id.reveal()):
        raise TokenUnusable("the secret's installation_id is not a number")
    # An App's client id does as well as its number.
    if not re.fullmatch(r"\s*[A-Za-z0-9.]{1,60}\s*", app_id.reveal()):
        raise TokenUnusable("the secret's app_id is neither a number nor a client id")
    # A key that was pasted into JSON by hand often has its line breaks written out.
    key = Concealed(private_key.reveal().replace("\\n", "\n").strip() + "\n")
    return AppKey(app_id.reveal().strip(), installation_id.reveal().strip(), key)


class _Claim:
    """A token source whose token is the App's signed claim, made anew for each request."""

    def __init__(self, key: AppKey, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def token(self) -> Concealed:
        import jwt

        now = int(self._clock.now())
        claims = {
            "iat": now - CLAIM_STARTS_BEFORE,
            "exp": now + CLAIM_SECONDS,
            "iss": self._key.app_id,
        }
        problem = ""
        try:
            return Concealed(jwt.encode(claims, self._key.private_key.reveal(), "RS256"))
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            problem = type(error).__name__
        raise TokenUnusable(
            f"the secret's private_key is no RSA key in PEM form ({problem});"
            " generate one on the App's page and store the whole file"
        )

    def renew(self) -> None:
        """Each claim is new."""


class AppTokens:
    """Tokens for an installation, each used until shortly before it expires.

    permissions: what the installation was granted, once a token was asked for.
    """

    def __init__(
        self, key: AppKey, instance: Instance, http: Http | None = None, clock: Clock | None = None
    ) -> None:
        from generator.github.transport import Api

        self.permissions: dict[str, str] = {}
        self._key = key
        self._clock = clock or Clock()
        self._api = Api(instance, _Claim(key, self._clock), http=http, clock=self._clock)
        self._lock = threading.Lock()
        self._kept: tuple[Concealed, float] | None = None

    def token(self) -> Concealed:
        """Return a token; raises TokenUnusable, GitHubUnavailable or GitHubRateLimited."""
        with self._lock:
            if self._kept is None or self._kept[1] - SPARE_SECONDS <= self._clock.now():
                self._kept = self._exchanged()
            return self._kept[0]

    def renew(self) -> None:
        """Ask for another token next time."""
        with self._lock:
            self._kept = None

    def _exchanged(self) -> tuple[Concealed, float]:
        path = f"/app/installations/{self._key.installation_id}/access_tokens"
        problem: GeneratorError
        try:
            # Two tokens are as good as one.
            answer = self._api.request("POST", path, repeatable=True)
        except GitHubMissing:
            problem = TokenUnusable(
                f"the GitHub App {self._key.app_id} has no installation"
                f" {self._key.installation_id}: install it, and store the number in the secret"
            )
        except GitHubRefused as error:
            problem = TokenUnusable(
                f"GitHub does not take the key of the App {self._key.app_id}: {error}"
            )
        else:
            self.permissions = dict(answer.body.get("permissions") or {})
            expires = datetime.fromisoformat(answer.body["expires_at"]).timestamp()
            return Concealed(answer.body["token"]), expires
        raise problem
