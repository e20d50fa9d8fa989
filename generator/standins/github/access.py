"""Who asks, and what they may: tokens with permissions and an end, apps, and the hourly limit."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any, Literal

import jwt

from generator.standins.github.errors import Refusal

LEVELS = ("read", "write", "admin")
HOUR = 3600.0
CLAIM_SECONDS = 600
# What an App or a token needs for everything that the generator does.
EVERYTHING: Mapping[str, str] = {
    "actions": "write",
    "actions_variables": "write",
    "administration": "write",
    "contents": "write",
    "environments": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "secrets": "write",
    "workflows": "write",
}


@dataclass
class Token:
    """A token. owners: the accounts whose repositories it sees. expires_at: None for never.

    kind: app for one of an installation, personal for a fine-grained one of `login`.
    """

    value: str = field(repr=False)
    kind: Literal["app", "personal"]
    login: str
    owners: frozenset[str]
    permissions: Mapping[str, str]
    expires_at: float | None = None
    used: int = 0
    window: float = 0.0

    @property
    def label(self) -> str:
        """Return what tells tokens apart in a log, and gives nothing away."""
        return f"{self.kind}-{hashlib.sha256(self.value.encode()).hexdigest()[:8]}"

    def may(self, permission: str) -> bool:
        """Whether it has a permission such as contents:write."""
        name, level = permission.split(":")
        granted = self.permissions.get(name)
        return granted in LEVELS and LEVELS.index(granted) >= LEVELS.index(level)


@dataclass
class App:
    """A GitHub App. installations: number -> the account that installed it."""

    id: str
    public_key: Any = field(repr=False)
    installations: dict[int, str]
    permissions: Mapping[str, str]


def presented(headers: Message) -> str | None:
    """Return the token that a request carries, for REST or for git."""
    scheme, _, value = (headers.get("Authorization") or "").partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return value
    if scheme.lower() == "basic":
        try:
            return b64decode(value).decode().partition(":")[2]
        except ValueError:
            return None
    return None


def proven_app(apps: Mapping[str, App], claim: str | None, now: float) -> App:
    """Return the App that signed `claim`; refuses what GitHub refuses."""
    try:
        issuer = str(jwt.decode(claim or "", options={"verify_signature": False}).get("iss"))
        app = apps[issuer]
        claims = jwt.decode(
            claim or "",
            app.public_key,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
    except (jwt.PyJWTError, KeyError):
        raise Refusal(401, "A JSON web token could not be decoded") from None
    if claims["exp"] <= now:
        raise Refusal(401, "'Expiration time' claim ('exp') must be in the future")
    if claims["exp"] > now + CLAIM_SECONDS:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["iat"] > now:
        raise Refusal(401, "'Issued at' claim ('iat') must be in the past")
    return app


def limit_headers(token: Token, limit: int, now: float) -> dict[str, str]:
    """Return what every answer says about the token's hourly limit, and about its end."""
    if now >= token.window + HOUR:
        token.window, token.used = now, 0
    ends = {}
    if token.kind == "personal" and token.expires_at is not None:
        end = datetime.fromtimestamp(token.expires_at, UTC)
        ends = {"github-authentication-token-expiration": f"{end:%Y-%m-%d %H:%M:%S} UTC"}
    return {
        **ends,
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(max(limit - token.used, 0)),
        "x-ratelimit-used": str(token.used),
        "x-ratelimit-reset": str(int(token.window + HOUR)),
        "x-ratelimit-resource": "core",
    }


def count(token: Token, limit: int, now: float) -> dict[str, str]:
    """Count one request and return those headers; refuses the one over the limit."""
    limit_headers(token, limit, now)
    if token.used >= limit:
        raise Refusal(
            403,
            f"API rate limit exceeded for {token.login}.",
            headers=limit_headers(token, limit, now),
        )
    token.used += 1
    return limit_headers(token, limit, now)
