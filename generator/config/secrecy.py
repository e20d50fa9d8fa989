"""Finds what looks like a secret in a configuration, which must hold none: only names and ARNs.

The whole text is searched, its comments too: a configuration is committed, packed and printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Forms that their issuers document, or that nothing else has.
FORMS = {
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "an AWS access key id": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{16,}",
    "a Slack token or webhook": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/\S+",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}",
    "a user and a password in an address": r"://[^/\s\"'@]*:[^/\s\"'@]+@",
    # 40 characters of base64 with more than hexadecimal digits: what AWS calls a secret access key.
    "an AWS secret access key": (
        r"(?<![A-Za-z0-9/+=:_.-])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])"
        r"(?=[A-Za-z0-9/+]*[0-9])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.-])"
    ),
}
_PATTERNS = {kind: re.compile(form) for kind, form in FORMS.items()}


def secret_in(text: str) -> str | None:
    """Return what kind of secret `text` seems to hold, or None."""
    return next((kind for kind, form in _PATTERNS.items() if form.search(text)), None)


def concealed(text: str) -> str:
    """Return `text` with whatever looks like a secret taken out of it."""
    for form in _PATTERNS.values():
        text = form.sub("(not shown)", text)
    return text


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, kind) for each line of `text` that seems to hold a secret."""
    for number, line in enumerate(text.split("\n"), start=1):
        if kind := secret_in(line):
            yield number, kind
