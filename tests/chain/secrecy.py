"""Searches whatever the chain has left behind for the secrets that it was given."""

from __future__ import annotations

from generator.standins.github.journal import disguises
from tests.chain.observation import logs
from tests.chain.stage import GOVERNANCE, PAGER, SHARED, Stage

# Git packs what is here: repositories are searched object by object.
PACKED = "objects"
Written = tuple[str, str, str]


def secrets_of(stage: Stage) -> list[str]:
    """Return every secret: lines of the App's key, its tokens so far, the secret that is copied."""
    tokens = [value for value in stage.github.tokens if value.startswith("ghs_")]
    return [PAGER, *stage.app_key.needles, *tokens]


def places_with(secrets: list[str], written: list[Written], stage: Stage) -> list[str]:
    """Return where a secret is found, however it is written: also in requests and in git."""
    forms = [form for secret in secrets for form in disguises(secret)]
    places = [
        f"{kind} {where}" for kind, where, text in written if any(form in text for form in forms)
    ]
    return places + [place for secret in secrets for place in stage.github.traces(secret)]


def everything_written(stage: Stage) -> list[Written]:
    """Return (kind, where, text) of every log, execution, message, process and file."""
    machines = (stage.seeding, stage.telling)
    written = [
        ("execution", where, text) for machine in machines for where, text in machine.documents()
    ]
    for account in (GOVERNANCE, SHARED):
        written += [("log", where, text) for where, text in logs(stage.emulator, account)]
    for inbox in (stage.notifications, stage.announcements):
        written += [("message", inbox.arn, repr(message)) for message in inbox.kept]
    for path in sorted(stage.folder.rglob("*")):
        if path.is_file() and PACKED not in path.relative_to(stage.folder).parts:
            kind = "process" if path == stage.emulator.log else "file"
            written.append((kind, str(path), path.read_bytes().decode("utf-8", "replace")))
    return written
