"""Searches whatever the chain has left behind for the secrets that it was given."""

from __future__ import annotations

from generator.standins.github.journal import disguises
from tests.chain.observation import logs
from tests.chain.stage import GOVERNANCE, PAGER, SHARED, Stage

# Where, in the folder, the functions' code is unpacked and repositories are packed: the latter are
# searched object by object.
NOT_TEXT = {"tmp", "objects", "runtime"}


def needles(stage: Stage) -> list[str]:
    """Return every secret as it might be written: the App's key, its tokens, a copied secret."""
    tokens = [value for value in stage.github.tokens if value.startswith("ghs_")]
    found = {
        form for secret in (PAGER, *stage.app_key.needles, *tokens) for form in disguises(secret)
    }
    return sorted(found)


def everything_written(stage: Stage) -> list[tuple[str, str, str]]:
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
        if path.is_file() and not NOT_TEXT & set(path.parts):
            kind = "process" if path == stage.emulator.log else "file"
            written.append((kind, str(path), path.read_bytes().decode("utf-8", "replace")))
    return written
