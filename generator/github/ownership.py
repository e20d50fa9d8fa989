"""Whose a repository is: by the configuration it carries, or by our mark before it carries one.

The mark is put on with the call that creates the repository, so that a run that was cut off right
after it knows the repository again. It tells repositories apart; it is no proof of who made one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote

from generator.commits import Owner, find_owner
from generator.github.transport import Api, repository_path

# GitHub's limits: characters of a description, of a topic.
DESCRIPTION, TOPIC = 350, 50


def mark(project_id: str) -> str:
    """Return the word by which a repository's description names its project."""
    return f"aiops-project-{project_id}"


def topic(project_id: str) -> str:
    """Return the topic that names the project: lower case and hyphens are all that is allowed.

    An id that has anything else gets a digest at its end, so that two ids never share a topic.
    """
    plain = re.sub(r"[^a-z0-9-]", "-", project_id.lower())
    if plain == project_id:
        return mark(plain)
    digest = hashlib.sha256(project_id.encode()).hexdigest()[:8]
    return f"{mark(plain)[: TOPIC - 9]}-{digest}"


def description(text: str, project_id: str) -> str:
    """Return `text` as a repository's description, in one line, with the project's mark."""
    word = f"({mark(project_id)})"
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return f"{line[: DESCRIPTION - len(word) - 1].rstrip()} {word}".lstrip()


def is_marked(described: str | None, topics: Iterable[str], project_id: str) -> bool:
    """Whether description or topics of a repository carry the project's mark."""
    words = re.findall(r"[A-Za-z0-9_-]+", described or "")
    return mark(project_id) in words or topic(project_id) in topics


def configured_owner(api: Api, repository: str) -> Owner | None:
    """Return whom the default branch's configuration names; None when there is none."""
    return find_owner(lambda path: read_file(api, repository, path))


def read_file(api: Api, repository: str, path: str) -> bytes | None:
    """Return the content of a file on the default branch; None when there is no such file."""
    found = api.find(f"{repository_path(repository, 'contents')}/{quote(path)}")
    if not isinstance(found, dict) or found.get("encoding") != "base64":
        return None
    return base64.b64decode(found["content"])
