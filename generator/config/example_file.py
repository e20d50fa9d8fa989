"""The example configuration, which `aiops config example` prints: complete, commented, checked."""

from __future__ import annotations

from importlib import resources


def example() -> str:
    """Return the text of an `aiops.toml` that shows every key and passes the check."""
    return (resources.files("generator.config") / "example.toml").read_text(encoding="utf-8")
