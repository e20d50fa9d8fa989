"""Configurations to start a test from, and how they are read."""

from __future__ import annotations

from pathlib import Path

from generator.config import Config, ConfigError, load

# Line by line, as messages name its lines.
MINIMAL = """\
[governance]
account = "111122223333"
region = "eu-west-1"
domains = ["dzd_4q7x2m9k1b3c5d"]

[shared_services]
account = "222233334444"
region = "eu-west-1"

[github]
organization = "acme-ml"
auth = "app"
token_secret = "aiops/github"
"""


def edited(*changes: tuple[str, str], text: str = MINIMAL) -> str:
    """Return `text` with each first part, which must be there once, replaced by the second."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the text"
        text = text.replace(old, new)
    return text


def read(text: str, folder: Path) -> Config:
    """Load `text` as a file in `folder`."""
    file = folder / "aiops.toml"
    file.write_text(text, encoding="utf-8", newline="")
    return load(file)


def problems(text: str, folder: Path) -> list[str]:
    """Return what is wrong with `text`, each problem as its line, a colon and the message."""
    try:
        read(text, folder)
    except ConfigError as error:
        header, *rest = str(error).split("\n")
        assert header == f"{folder}/aiops.toml cannot be used; nothing was done:"
        assert error.exit_code == 2
        assert len(rest) == len(error.problems), "a message takes more than one line"
        return [line.removeprefix(f"  {folder}/aiops.toml:") for line in rest]
    return []
