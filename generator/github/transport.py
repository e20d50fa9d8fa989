"""Calls GitHub's REST interface: signs, paces, repeats what may be repeated, explains the rest.

| what happens                        | GET, PUT, PATCH, DELETE  | POST                            |
|-------------------------------------|--------------------------|---------------------------------|
| no connection                       | repeated                 | repeated                        |
| connection lost, timeout, 5xx       | repeated                 | raised: it may have been done   |
| rate limit, secondary limit         | repeated after the pause | repeated after the pause        |
| 401                                 | once more, new token     | once more, new token            |
| any other 4xx                       | raised                   | raised                          |

A POST that may have been done is for `once`: look whether it was, and only then do it again.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from generator import patterns
from generator.errors import InputError, shown
from generator.github import errors
from generator.github.clock import Clock, Pace
from generator.github.http import Answer, Http, NoAnswer
from generator.github.instance import Instance
from generator.github.limits import RateLimit, pause_asked, told
from generator.github.tokens import TokenSource

log = logging.getLogger(__name__)

# Seconds before each repetition.
PAUSES = (1.0, 2.0, 4.0, 8.0)
# The longest pause that is waited out where nobody set a deadline.
LONGEST_PAUSE = 60.0
# Seconds between looks for something new that GitHub may not show yet.
SETTLING = (1.0, 2.0, 4.0)
PER_PAGE = 100
MOVED = {301, 302, 307, 308}

Found = TypeVar("Found")


@dataclass
class Tally:
    """What was sent so far, and what GitHub said last about the requests that are left."""

    requests: int = 0
    changes: int = 0
    left: RateLimit | None = None


class Api:
    """GitHub as one token sees it.

    tally: what was sent. known: what operations keep because it does not change meanwhile.
    """

    def __init__(
        self,
        instance: Instance,
        tokens: TokenSource,
        *,
        http: Http | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.instance = instance
        self.tokens = tokens
        self.clock = clock or Clock()
        self.tally = Tally()
        self.known: dict[object, Any] = {}
        self._http = http or Http()
        self._pace = Pace(self.clock)
        self._deadline: float | None = None

    def within(self, seconds: float) -> Self:
        """Return this Api with at most `seconds` from now for all that it does."""
        hurried = copy.copy(self)
        hurried._deadline = self.clock.now() + seconds
        return hurried

    def get(self, path: str, **query: object) -> Any:
        """Return what is at `path`. Raises what `request` raises."""
        return self.request("GET", path, query=query).body

    def find(self, path: str, **query: object) -> Any | None:
        """Return what is at `path`, or None when GitHub has no such thing."""
        try:
            return self.get(path, **query)
        except errors.GitHubMissing:
            return None

    def pages(self, path: str, member: str | None = None, **query: object) -> Iterator[Any]:
        """Yield the items of a list, page by page; `member` names it inside of the answer."""
        page = 1
        while True:
            answer = self.get(path, **query, per_page=PER_PAGE, page=page)
            items = answer[member] if member else answer
            yield from items
            if len(items) < PER_PAGE:
                return
            page += 1

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: dict[str, object] | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """Return the answer to one request, whose status is below 400.

        path: without the base address, quoted. repeatable: whether doing it twice is as good as
        once; every method but POST is, unless told. Raises GitHubUnavailable, GitHubRateLimited,
        GitHubRefused, GitHubMissing or GitHubInvalid.
        """
        if repeatable is None:
            repeatable = method != "POST"
        url = f"{self.instance.api}{path}{'?' + urlencode(query) if query else ''}"
        content = None if body is None else json.dumps(body).encode()
        what = f"{method} {path}"
        pauses = iter(PAUSES)
        renewed = moved = False
        while True:
            answer = self._exchange(method, url, content)
            if isinstance(answer, NoAnswer):
                self._repeat(pauses, f"{what}: {answer}", answer.sent, repeatable)
            elif (asked := pause_asked(answer, self.clock.now())) is not None:
                self._wait_for_limit(pauses, asked, what, answer)
            elif answer.status >= 500:
                why = f"GitHub answered {answer.status}"
                self._repeat(pauses, f"{what}: {why}", True, repeatable)
            elif answer.status == 401 and not renewed:
                renewed = True
                self.tokens.renew()
            elif self._leads_on(answer) and method == "GET" and not moved:
                moved = True
                url = answer.headers["location"]
            elif answer.status >= 300:
                raise self._refusal(what, answer)
            else:
                return answer

    def once(self, look: Callable[[], Found | None], act: Callable[[], Found]) -> Found:
        """Return what `look` finds, or what `act` makes of it: never two, whatever fails.

        After a request that may have been done, or one that somebody else was faster with, it
        looks again, with pauses: GitHub may show what is new after some seconds only. What is not
        there at the end of them was not done, and is done again.
        """
        found = look()
        for last_round in (False, False, True):
            if found is not None:
                return found
            try:
                return act()
            except errors.GitHubUnavailable as failure:
                if last_round or not failure.may_have_acted:
                    raise
                found = self._appears(look, SETTLING)
            except errors.GitHubInvalid:
                found = self._appears(look, SETTLING[:1])
                if found is None:
                    raise
        raise AssertionError("the last round returns or raises")

    def _appears(self, look: Callable[[], Found | None], pauses: Sequence[float]) -> Found | None:
        for pause in pauses:
            found = look()
            if found is not None:
                return found
            self.pause(pause)
        return look()

    def pause(self, seconds: float) -> None:
        """Let `seconds` pass, unless that would overrun the deadline."""
        if self._may_wait(seconds):
            self.clock.sleep(seconds)

    def _exchange(self, method: str, url: str, content: bytes | None) -> Answer | NoAnswer:
        if method != "GET":
            self._pace.keep()
            self.tally.changes += 1
        self.tally.requests += 1
        started = self.clock.now()
        token, seconds = self.tokens.token(), self._time_left()
        try:
            answer = self._http.exchange(method, url, token, content, seconds)
        except NoAnswer as failure:
            return failure.with_traceback(None)
        self.tally.left = told(answer) or self.tally.left
        took = self.clock.now() - started
        log.debug("%s %s: %d in %.2f s", method, urlsplit(url).path, answer.status, took)
        return answer

    def _repeat(self, pauses: Iterator[float], why: str, sent: bool, repeatable: bool) -> None:
        """Pause before the next attempt; raise when there is none."""
        what = self._clean(why)
        pause = next(pauses, None)
        if pause is None or (sent and not repeatable) or not self._may_wait(pause):
            raise errors.GitHubUnavailable(
                f"{self.instance.api} is not usable: {what}", may_have_acted=sent
            )
        log.info("%s; again in %g s", what, pause)
        self.clock.sleep(pause)

    def _wait_for_limit(
        self, pauses: Iterator[float], asked: float, what: str, answer: Answer
    ) -> None:
        what = self._clean(f"{what}: {answer.status} {answer.message}".rstrip())
        if next(pauses, None) is None or not self._may_wait(asked):
            raise errors.GitHubRateLimited(
                f"GitHub's rate limit is reached; go on in {asked:.0f} s ({what})", asked
            )
        log.info("%s; again in %.0f s", what, asked)
        self.clock.sleep(asked)

    def _may_wait(self, pause: float) -> bool:
        if self._deadline is None:
            return pause <= LONGEST_PAUSE
        return self.clock.now() + pause < self._deadline

    def _time_left(self) -> float:
        if self._deadline is None:
            return LONGEST_PAUSE
        left = self._deadline - self.clock.now()
        if left <= 0:
            raise errors.GitHubUnavailable(f"no time is left to ask {self.instance.api}")
        return left

    def _leads_on(self, answer: Answer) -> bool:
        """Whether it names another address of this GitHub: that of a renamed repository."""
        target = answer.headers.get("location", "")
        return answer.status in MOVED and target.startswith(f"{self.instance.api}/")

    def _refusal(self, what: str, answer: Answer) -> InputError:
        what = f"{what}: {answer.status} {self._clean(answer.message)}".rstrip()
        if answer.status == 401:
            return errors.GitHubRefused(
                f"{self.instance.api} does not take the token ({what});"
                " it is wrong, expired or revoked: store a new one"
            )
        if answer.status == 403:
            needed = answer.headers.get("x-accepted-github-permissions")
            hint = f"; it takes the permission {self._clean(needed)}" if needed else ""
            return errors.GitHubRefused(f"the token may not do this ({what}){hint}")
        if answer.status in {404, 410}:
            return errors.GitHubMissing(
                f"GitHub has no such thing, or hides it from the token ({what})"
            )
        return errors.GitHubInvalid(f"GitHub cannot do this ({what})")

    def _clean(self, text: str) -> str:
        """Return foreign `text` as it may stand in a message: short, printable, without token."""
        return shown(self.tokens.token().within(text), 300)[1:-1]


def repository_path(name: str, *parts: str) -> str:
    """Return the path of a repository (owner/name), or of something below it."""
    if not patterns.matches(patterns.REPOSITORY, name):
        raise InputError(f"repository = {shown(name)}: not owner/repository")
    return "/".join([f"/repos/{name}", *[quote(part, safe="") for part in parts]])
