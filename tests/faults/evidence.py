"""What is compared after a play, and where secrets are searched for.

Everything is as in the undisturbed play but for one thing: a repository that was filled by an
attempt whose answer was lost is called `unchanged`, not `created`, by the attempt that ends well.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from generator.standins.gitserver import GIT_ENVIRONMENT
from tests.faults.configuration import PAGER, PERSONAL, TOKEN_SECRET
from tests.faults.interpreter import Document, Execution
from tests.faults.stage import Stage

# Every claim of ours begins with it: the header of a JSON web token that is signed by RS256.
CLAIM = base64.urlsafe_b64encode(b'{"alg":"RS256"')[:18].decode()
BY_WHICH_ATTEMPT = re.compile(r"\((?:created|updated|unchanged) on ")


def outcome(stage: Stage) -> Document:
    """Return all that a chain leaves behind, as plain data."""
    return {
        "repositories": stage.hub.state(),
        "created": dict(stage.created()),
        "packages": json.loads(json.dumps(stage.registry.packages, default=str)),
        "events": _distinct(map(_by_no_attempt, stage.events)),
        "notices": _distinct(
            {**notice, "Message": BY_WHICH_ATTEMPT.sub("(", notice["Message"])}
            for notice in stage.notices
            if "needs you" not in notice["Subject"]
        ),
    }


def differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """Yield where `found` is not what was wanted."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in sorted({*found, *wanted}):
            if name not in found or name not in wanted:
                yield f"{path}/{name} is {'missing' if name in wanted else 'too much'}"
            else:
                yield from differences(found[name], wanted[name], f"{path}/{name}")
    elif found != wanted:
        yield f"{path} = {str(found)[:300]}, not {str(wanted)[:300]}"


def _by_no_attempt(event: Document) -> Document:
    detail = json.loads(json.dumps(event["Detail"]))
    for role in ("build", "deploy"):
        if detail[role]["state"] in {"created", "updated"}:
            detail[role]["state"] = "unchanged"
    return {**event, "Detail": detail}


def _distinct(documents: Any) -> list[Document]:
    """Bus and topic deliver at least once: the same thing told twice is one thing."""
    kept: dict[str, Document] = {}
    for document in documents:
        kept.setdefault(json.dumps(document, sort_keys=True), document)
    return list(kept.values())


def needles(stage: Stage) -> list[bytes]:
    """Return every secret in every form in which it might be written somewhere."""
    key = json.loads(stage.secrets.secrets[TOKEN_SECRET]).get("private_key", "")
    secrets = [PAGER, PERSONAL, *stage.hub.tokens, *key.splitlines()[1:-1][:3]]
    forms = {form for secret in secrets for form in _forms(secret)}
    return sorted(form.encode() for form in {*forms, CLAIM})


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    pairs = [f"x-access-token:{secret}".encode(), f":{secret}".encode(), f"{secret}:".encode()]
    return {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        raw.hex(),
        *(base64.b64encode(pair).decode() for pair in pairs),
    }


class Search:
    """Looks for secrets in all that a play has left. Objects of git are looked at once each."""

    def __init__(self) -> None:
        self._clean: set[bytes] = set()
        self._read: dict[Path, int] = {}

    def leaks(self, stage: Stage, outcome: Document) -> list[str]:
        """Return the places that hold a secret."""
        wanted = needles(stage)
        return [
            f"{place} holds {found[0].decode()[:12]}..."
            for place, content in self._places(stage, outcome, wanted)
            if (found := [needle for needle in wanted if needle in content])
        ]

    def _places(
        self, stage: Stage, outcome: Document, wanted: list[bytes]
    ) -> Iterator[tuple[str, bytes]]:
        yield "the log", self._new_lines(stage.book)
        for number, one in enumerate(stage.histories):
            told = vars(one) if isinstance(one, Execution) else one
            yield f"the history of execution {number}", json.dumps(told, default=str).encode()
        yield "the event bus", json.dumps(stage.events).encode()
        yield "a notice", json.dumps(stage.notices).encode()
        yield "GitHub or the registry", json.dumps(outcome, default=str).encode()
        yield "dead letters", json.dumps(stage.dead).encode()
        for entry in stage.hub.journal.entries:
            yield f"a request ({entry.operation})", entry.seen.encode()
        for repository in stage.hub.repositories.values():
            if repository.place.exists():
                yield f"{repository.full_name}", self._objects(repository.place)
        for file in (stage.folder / "cache").rglob("*"):
            if file.is_file():
                yield f"{file.name} in the cache", file.read_bytes()

    def _new_lines(self, book: Path) -> bytes:
        """Return what was written since the last search."""
        with book.open("rb") as file:
            file.seek(self._read.get(book, 0))
            content = file.read()
            self._read[book] = file.tell()
        return content

    def _objects(self, folder: Path) -> bytes:
        """Return the content of all objects, reachable or not, that were not seen before."""
        listed = _git(folder, b"", "--batch-check=%(objectname)", "--batch-all-objects").split()
        new = [name for name in listed if name not in self._clean]
        self._clean.update(new)
        return _git(folder, b"\n".join(new) + b"\n", "--batch") if new else b""


def _git(folder: Path, given: bytes, *options: str) -> bytes:
    return subprocess.run(
        ["git", f"--git-dir={folder}", "cat-file", *options],
        input=given,
        stdout=subprocess.PIPE,
        check=True,
        env=GIT_ENVIRONMENT,
    ).stdout
