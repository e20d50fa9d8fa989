"""GitHub Apps: who one is, and the tokens of its installations."""

from __future__ import annotations

from generator.standins.github.access import proven_app
from generator.standins.github.operations.call import Call, Reply, plays
from generator.standins.github.operations.repositories import shown_repository
from generator.standins.github.state import timestamp


@plays("apps/get-authenticated", None)
def _get_app(call: Call) -> Reply:
    app = proven_app(call.hub.apps, call.claim, call.hub.now())
    return 200, {"name": app.id, "permissions": dict(app.permissions)}


@plays("apps/create-installation-access-token", None)
def _create_token(call: Call) -> Reply:
    app = proven_app(call.hub.apps, call.claim, call.hub.now())
    token = call.hub.installation_token(app, int(call.arguments["installation_id"]))
    assert token.expires_at is not None
    return 201, {
        "token": token.value,
        "expires_at": timestamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": call.hub.selection,
    }


@plays("apps/list-repos-accessible-to-installation", "metadata:read")
def _list_repositories(call: Call) -> Reply:
    call.check_permission()
    seen = [
        # The owner is one known account: the description's smallest one stands for it.
        {k: v for k, v in shown_repository(call, repository).items() if k != "owner"}
        for repository in call.hub.repositories.values()
        if repository.owner.login.lower() in call.caller.owners
    ]
    return 200, {
        "total_count": len(seen),
        "repository_selection": call.hub.selection,
        "repositories": call.page(seen),
    }
