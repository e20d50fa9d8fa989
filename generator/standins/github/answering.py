"""Finds out what a request is for, does it, and checks both against GitHub's description."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from generator.standins.github import access, git
from generator.standins.github.description import Description, Operation
from generator.standins.github.errors import BrokenStandIn, Refusal, not_found
from generator.standins.github.hub import Hub
from generator.standins.github.operations import PLAYED, Call
from generator.standins.github.operations.rules import protected_branches
from generator.standins.gitserver import git_http_backend

SERVER_PREFIX = "/api/v3"
EDITIONS = {"": "api.github.com", SERVER_PREFIX: "ghes-3.19"}
VERSIONS = {None, "2022-11-28"}
JSON_TYPE = "application/json; charset=utf-8"
RENAMED = "/repositories/"


@dataclass
class Request:
    """A request as it came in. operation: the id of what it is for, once that is known."""

    method: str
    target: str
    headers: Message = field(repr=False)
    content: bytes = field(repr=False)
    operation: str = "unknown"
    problems: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Return the query's parameters."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def body(self) -> Any:
        """Return the JSON of a body; None when there is none."""
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None


@dataclass(frozen=True)
class Response:
    """What to send back. acted: whether what was asked for was done."""

    status: int
    headers: dict[str, str]
    content: bytes = field(repr=False)
    acted: bool = False


def response(status: int, headers: dict[str, str], body: Any, acted: bool = False) -> Response:
    """Return a response with a body of JSON, or of bytes; None stands for no body."""
    if isinstance(body, bytes):
        return Response(status, headers, body, acted)
    content = b"" if body is None else json.dumps(body).encode()
    return Response(status, {"content-type": JSON_TYPE, **headers}, content, acted)


class Rest:
    """The REST interface, at the root as on github.com and below /api/v3 as on a server."""

    def __init__(self, hub: Hub, failures: list[str]) -> None:
        self._hub = hub
        self._failures = failures
        self._descriptions: dict[str, Description] = {}

    def identify(self, request: Request) -> tuple[Operation, dict[str, str]] | None:
        """Find out which operation a request is for, and note it in the request."""
        edition, path = self._edition(request)
        if path.startswith(RENAMED):
            found = self._renamed(path)
            path = f"/repos/{found}" if found else path
        route = self._description(edition).route(request.method, path)
        if route is not None:
            request.operation = route[0].id
        return route

    def answer(
        self, request: Request, route: tuple[Operation, dict[str, str]] | None, quota: bool = True
    ) -> Response:
        """Do what is asked, unless that is refused."""
        headers: dict[str, str] = {}
        try:
            if route is None:
                request.problems.append(f"no route {request.method} {request.path}")
                raise not_found()
            call = self._call(request, *route)
            if call.token is not None:
                headers = self._counted(call, quota)
            status, given = self._done(request, call)
            body = self._checked(request, call, status, given)
            return response(status, headers, body, acted=True)
        except Refusal as refusal:
            return response(refusal.status, {**headers, **refusal.headers}, refusal.body)
        except BrokenStandIn as broken:
            self._failures.append(str(broken))
            return response(501, headers, {"message": str(broken)})
        except Exception as error:
            self._failures.append(f"{request.operation}: {error!r}")
            return response(500, headers, {"message": repr(error)})

    def _call(self, request: Request, operation: Operation, arguments: dict[str, str]) -> Call:
        played = PLAYED.get(operation.id)
        if played is None:
            raise BrokenStandIn(f"{operation.id} is not part of this stand-in")
        if not request.headers.get("User-Agent"):
            raise Refusal(403, "Request forbidden by administrative rules: no User-Agent header")
        if request.headers.get("X-GitHub-Api-Version") not in VERSIONS:
            raise Refusal(400, "The API version is not supported")
        value = access.presented(request.headers)
        edition, _ = self._edition(request)
        return Call(
            hub=self._hub,
            operation=operation,
            permission=played.permission,
            token=None if played.permission is None else self._hub.token(value),
            claim=value if played.permission is None else None,
            arguments=arguments,
            query=request.query,
            body=request.body,
            api=f"{self._hub.url}{edition}",
            is_enterprise_server=edition == SERVER_PREFIX,
        )

    def _counted(self, call: Call, quota: bool) -> dict[str, str]:
        now, limit = self._hub.now(), self._hub.limit
        if call.operation.id == "rate-limit/get" or not quota:
            return access.limit_headers(call.caller, limit, now)
        return access.count(call.caller, limit, now)

    def _done(self, request: Request, call: Call) -> tuple[int, Any]:
        edition, _ = self._edition(request)
        description = self._description(edition)
        problems = description.problems_of_query(call.operation, call.query)
        request.problems += problems
        wrong = description.problems_of_body(call.operation, call.body)
        if wrong:
            request.problems += wrong
            raise Refusal(422, "Invalid request.\n\n" + "\n".join(wrong))
        with self._hub.lock:
            return PLAYED[call.operation.id].function(call)

    def _checked(self, request: Request, call: Call, status: int, given: Any) -> Any:
        edition, _ = self._edition(request)
        body, problems = self._description(edition).answer(call.operation, status, given)
        if problems:
            raise BrokenStandIn(f"{call.operation.id}: impossible answer: {'; '.join(problems)}")
        return body

    def _edition(self, request: Request) -> tuple[str, str]:
        if request.path.startswith(f"{SERVER_PREFIX}/"):
            return SERVER_PREFIX, request.path.removeprefix(SERVER_PREFIX)
        return "", request.path

    def _description(self, edition: str) -> Description:
        with self._hub.lock:
            if edition not in self._descriptions:
                self._descriptions[edition] = Description(EDITIONS[edition], PLAYED)
            return self._descriptions[edition]

    def _renamed(self, path: str) -> str | None:
        number = path.removeprefix(RENAMED)
        found = [one for one in self._hub.repositories.values() if str(one.id) == number]
        return found[0].full_name if found else None


class Git:
    """Git over http, below the same address."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def identify(self, request: Request) -> None:
        """Note in the request what it is for."""
        service = request.query.get("service") or request.path.rsplit("/", 1)[-1]
        looks = "-advertisement" if request.method == "GET" else ""
        request.operation = f"git/{service.removeprefix('git-')}{looks}"

    def answer(self, request: Request) -> Response:
        """Let git answer, if the token may read or write."""
        plain = {"content-type": "text/plain"}
        try:
            token = self._hub.token(access.presented(request.headers))
        except Refusal as refusal:
            asks = {"www-authenticate": 'Basic realm="GitHub"'}
            return Response(refusal.status, {**plain, **asks}, b"Bad credentials\n")
        name, _, rest = unquote(request.path).lstrip("/").partition(".git/")
        writes = "receive-pack" in request.operation
        try:
            moved = self._hub.renamed.get(name.lower(), name)
            repository = self._hub.repository(moved)
        except Refusal:
            return Response(404, plain, b"Repository not found.\n")
        if repository.owner.login.lower() not in token.owners:
            return Response(404, plain, b"Repository not found.\n")
        if not token.may("contents:write" if writes else "contents:read"):
            return Response(403, plain, b"Write access to repository not granted.\n")
        if writes and repository.archived:
            return Response(403, plain, b"This repository was archived so it is read-only.\n")
        query = urlsplit(request.target).query
        place = repository.folder.relative_to(self._hub.folder)
        status, headers, content = git_http_backend(
            self._hub.folder,
            request.method,
            f"/{place}/{rest}" + (f"?{query}" if query else ""),
            request.headers,
            request.content,
            {
                "PROTECTED_BRANCHES": " ".join(protected_branches(repository)),
                "MAY_CHANGE_WORKFLOWS": "yes" if token.may("workflows:write") else "",
            },
        )
        if writes:
            repository.default_branch = git.adopt_first_branch(
                repository.folder, repository.default_branch
            )
        return Response(status, headers, content, acted=status == 200)
