"""Lets another process look into a running stand-in, and make things go wrong in it.

| request                        | what it does                                                  |
|--------------------------------|---------------------------------------------------------------|
| GET /_stand-in/state           | all repositories, as data                                     |
| GET /_stand-in/journal         | the requests so far                                           |
| GET /_stand-in/troubles        | failures, complaints, hasty changes, faults that happened     |
| POST /_stand-in/forget         | empties the journal                                           |
| POST /_stand-in/faults         | adds a fault: the members of Fault                            |
| DELETE /_stand-in/faults       | removes the faults that did not happen yet                    |
| POST /_stand-in/traces         | {"secret": ...}: every place that holds it                    |
| POST /_stand-in/repositories   | {"name": "owner/repository"}: makes an empty one              |
| POST /_stand-in/merge          | {"name": ..., "number": ...}: merges a pull request           |
| POST /_stand-in/limits         | {"limit": ..., "changes_per_minute": ...}                     |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.standins.github.errors import Refusal
from generator.standins.github.faults import Fault

if TYPE_CHECKING:
    from generator.standins.github.answering import Request
    from generator.standins.github.server import GitHubStandIn

PREFIX = "/_stand-in/"


def answer(stand_in: GitHubStandIn, request: Request) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and body for a request below PREFIX."""
    name = f"{request.method} {request.path.removeprefix(PREFIX)}"
    try:
        return 200, {}, _done(stand_in, name, request.body or {})
    except Refusal as refusal:
        return refusal.status, {}, refusal.body
    except (TypeError, ValueError, KeyError) as error:
        return 400, {}, {"message": f"{name}: {error!r}"}


def _done(stand_in: GitHubStandIn, name: str, body: dict[str, Any]) -> Any:
    if name == "GET state":
        return stand_in.state()
    if name == "GET journal":
        return stand_in.journal.documents()
    if name == "GET troubles":
        return {
            "failures": stand_in.failures,
            "complaints": stand_in.complaints,
            "hasty": [[before.number, after.number] for before, after in stand_in.journal.hasty()],
            "happened": stand_in.faults.happened,
        }
    if name == "POST forget":
        return stand_in.journal.forget()
    if name == "POST faults":
        return stand_in.faults.add(Fault(**body))
    if name == "DELETE faults":
        return stand_in.faults.clear()
    if name == "POST traces":
        return stand_in.traces(body["secret"])
    if name == "POST repositories":
        made = stand_in.create_repository(body["name"], body.get("description"))
        return {"name": made.full_name, "folder": str(made.folder)}
    if name == "POST merge":
        return {"commit": stand_in.merge(body["name"], body["number"])}
    if name == "POST limits":
        stand_in.limit = body.get("limit", stand_in.limit)
        stand_in.changes_per_minute = body.get("changes_per_minute", stand_in.changes_per_minute)
        return None
    raise Refusal(404, f"no {name} below {PREFIX}")
