"""Which git bases are taken, and that a token only goes where it was meant to go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from generator_stage import BUILD, INJECTIONS, small_seed

from generator.errors import GeneratorError
from generator.remotes import (
    TOKEN_VARIABLE,
    RemoteUnavailable,
    UnusableBase,
    environment_token,
    git_base,
)
from generator.repositories import seed

ADDRESSES = {
    "https://github.com": "https://github.com/acme-ml/house-prices-build.git",
    "https://github.com/": "https://github.com/acme-ml/house-prices-build.git",
    "https://git.example.com:8443/scm/": (
        "https://git.example.com:8443/scm/acme-ml/house-prices-build.git"
    ),
    "http://127.0.0.1:8080": "http://127.0.0.1:8080/acme-ml/house-prices-build.git",
    "http://[::1]:8080/x": "http://[::1]:8080/x/acme-ml/house-prices-build.git",
}


@pytest.mark.parametrize("base", ADDRESSES)
def test_addresses(base: str) -> None:
    remote = git_base(base).remote(BUILD)
    assert (remote.location, remote.in_folder) == (ADDRESSES[base], False)


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for base in (str(tmp_path / "git"), "git", "./git", "~/git"):
        remote = git_base(base, lambda: "secret").remote(BUILD)
        assert (remote.location, remote.in_folder) == (f"{tmp_path}/git/{BUILD}.git", True)
        assert remote.token is None


REFUSED = {
    "": "an https address or a folder",
    "https://user@github.com": "leave user and token out",
    "https://user:secret-1@github.com": "leave user and token out",
    "https://:secret-1@github.com/x": "leave user and token out",
    "http://github.com": "only https keeps a token secret",
    "ssh://git@github.com/acme": "leave user and token out",
    "ssh://github.com/acme": "only https",
    "file:///tmp/x": "not an address",
    "git@github.com:acme": "an https address or a folder",
    "user:secret-1@github.com": "an https address or a folder",
    "https://": "not an address",
    "https://github.com/?a=b": "not an address",
    "https://github.com/#x": "not an address",
    "https://github.com:port": "git base",
    "https://gith\N{LATIN SMALL LETTER DOTLESS I}b.com": "not an address",
    "folder\nwith a line": "an https address or a folder",
}


@pytest.mark.parametrize("base", REFUSED)
def test_bases_that_are_refused(base: str) -> None:
    with pytest.raises(UnusableBase, match=REFUSED[base]) as refused:
        git_base(base)
    assert "secret-1" not in str(refused.value)
    assert str(refused.value).isascii()


ODD_NAMES = ["x", "a/b/c", "../x", "a/..", "a/.", "/a/b", "a/b.git", "-a/b", "a/b c"]


@pytest.mark.parametrize("name", [*ODD_NAMES, *INJECTIONS.values()])
def test_names_that_are_no_repository(name: str, tmp_path: Path) -> None:
    for base in (str(tmp_path), "https://github.com"):
        with pytest.raises(UnusableBase, match="not owner/repository"):
            git_base(base).remote(name)


def test_the_token_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert environment_token() is None
    monkeypatch.setenv(TOKEN_VARIABLE, "first")
    token = environment_token()
    monkeypatch.setenv(TOKEN_VARIABLE, "second")
    assert token
    assert token() == "second"


class Listener(HTTPServer):
    """Answers every request with a redirection or `status`, and keeps the Authorization headers."""

    def __init__(self, to: str | None = None, status: int = 404) -> None:
        self.heard: list[str | None] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.heard.append(self.headers.get("Authorization"))
                self.send_response(302 if to else status)
                self.send_header("Retry-After", "3600")
                if to:
                    self.send_header("Location", f"{to}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def elsewhere() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.shutdown()
    listener.server_close()


def test_a_token_does_not_follow_a_redirection_to_another_server(elsewhere: Listener) -> None:
    asked = Listener(to=elsewhere.url)
    try:
        with pytest.raises(GeneratorError):
            seed(git_base(asked.url, lambda: "secret").remote(BUILD), small_seed())
    finally:
        asked.shutdown()
        asked.server_close()
    assert len(asked.heard) == 1
    assert str(asked.heard[0]).startswith("Basic ")
    assert elsewhere.heard == [None]


def test_a_pause_that_the_server_asks_for_is_left_to_who_called() -> None:
    """A function would wait for it until it is cut off, and pay for that."""
    busy = Listener(status=429)
    try:
        with pytest.raises(RemoteUnavailable, match="429"):
            seed(git_base(busy.url, lambda: "secret").remote(BUILD), small_seed())
    finally:
        busy.shutdown()
        busy.server_close()
    assert len(busy.heard) == 1
