"""The search for secrets finds them, and the comparison finds what differs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.faults.configuration import BUILD, PAGER
from tests.faults.evidence import CLAIM, Search, differences, outcome
from tests.faults.moments import restore
from tests.faults.stage import Stage
from tests.faults.standing import key_pair
from tests.faults.table import Opened
from tests.generator.generator_stage import person_pushes


def token(on: Stage) -> str:
    return next(iter(on.hub.tokens))


def written(text: str) -> Callable[[Stage], None]:
    def write(on: Stage) -> None:
        with on.book.open("a") as book:
            book.write(f"{text}\n")

    return write


def pair(on: Stage) -> str:
    return base64.b64encode(f"x-access-token:{token(on)}".encode()).decode()


def event(text: str) -> dict[str, Any]:
    return {"Detail": {"build": {"state": text}, "deploy": {"state": "created"}}}


LEAKS: dict[str, tuple[Callable[[Stage], object], str]] = {
    "a secret in the log": (written(PAGER), "the log"),
    "a quoted secret in the log": (written(quote(PAGER, safe="")), "the log"),
    "an encoded secret in the log": (written(base64.b64encode(PAGER.encode()).decode()), "the log"),
    "a line of the key in the log": (written(key_pair()[0].splitlines()[2]), "the log"),
    "a claim in the log": (written(f"{CLAIM}xyz"), "the log"),
    "a token in the log": (lambda on: written(token(on))(on), "the log"),
    "basic authentication in the log": (lambda on: written(pair(on))(on), "the log"),
    "a token in a history": (
        lambda on: on.histories.append({"cause": token(on)}),
        "the history of execution",
    ),
    "a token in an event": (lambda on: on.events.append(event(token(on))), "the event bus"),
    "a token in a notice": (
        lambda on: on.notices.append({"Subject": "needs you", "Message": token(on)}),
        "a notice",
    ),
    "a secret in dead letters": (lambda on: on.dead.append({"x": PAGER}), "dead letters"),
    "a token in a request": (
        lambda on: setattr(on.hub.journal.entries[0], "seen", f"?token={token(on)}"),
        "a request",
    ),
    "a secret in a description": (
        lambda on: setattr(on.hub.repository(BUILD), "description", PAGER),
        "GitHub or the registry",
    ),
    "a secret in a file": (
        lambda on: person_pushes(on.hub.repository(BUILD).folder, {"x": PAGER}),
        BUILD,
    ),
    "a token on a branch": (
        lambda on: person_pushes(on.hub.repository(BUILD).folder, {"x": token(on)}, "other"),
        BUILD,
    ),
}


@pytest.mark.parametrize("case", LEAKS)
def test_every_leak_is_found(opened: Opened, case: str) -> None:
    found = opened("project")
    on, search = found.stage, Search()
    restore(on, found.points["Record"])
    on.histories.clear()
    # What is allowed to be there: a token, which the next call needs.
    assert found.chain.play(on, restore(on, found.points["SeedDeploy"]))
    search.leaks(on, outcome(on))
    plant, place = LEAKS[case]
    plant(on)
    leaks = search.leaks(on, outcome(on) if "notice" not in case else found.wanted)
    assert any(leak.startswith(place) for leak in leaks), leaks
    assert PAGER not in str(leaks)
    assert token(on) not in str(leaks)


def test_differences_are_named() -> None:
    wanted = {"a": {"b": 1, "c": [1]}, "d": 2}
    assert list(differences(json.loads(json.dumps(wanted)), wanted)) == []
    assert list(differences({"a": {"b": 2}, "d": 2, "e": 3}, wanted)) == [
        "/a/b = 2, not 1",
        "/a/c is missing",
        "/e is too much",
    ]
