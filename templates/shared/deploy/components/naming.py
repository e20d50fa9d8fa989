"""Names that depend on nothing but their inputs: the same inputs give the same names."""

import hashlib
import json
import re

SAGEMAKER_NAME_LIMIT = 63
_HASH_LENGTH = 10


def digest(value: object, *, length: int = _HASH_LENGTH) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of a JSON-like value."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:length]


def clean(text: str) -> str:
    """``text`` with letters, digits and inner hyphens only.

    A text that had to be changed carries a short hash of the original, so that ``a_b`` and
    ``a-b`` stay apart. The build repository names the model package group by the same rule.
    """
    if re.fullmatch(r"[A-Za-z0-9](-*[A-Za-z0-9])*", text):
        return text
    short = hashlib.sha256(text.encode()).hexdigest()[:6]
    cleaned = re.sub(r"[^A-Za-z0-9-]", "-", text).strip("-")
    return f"{cleaned}-{short}" if cleaned else short


def bounded(*parts: str, limit: int = SAGEMAKER_NAME_LIMIT) -> str:
    """The parts joined by hyphens, at most ``limit`` characters.

    The last part (a stage or a hash) always stays whole; the rest is cut, and then ends with
    a hash of what was cut, so that two long names never meet.
    """
    *head, tail = parts
    name = "-".join(parts)
    if len(name) <= limit:
        return name
    room = limit - len(tail) - _HASH_LENGTH - 2
    if room < 1:
        raise ValueError(f"{tail!r} leaves no room for a name of {limit} characters")
    return f"{'-'.join(head)[:room].rstrip('-')}-{digest(head)}-{tail}"
