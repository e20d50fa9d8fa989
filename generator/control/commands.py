"""`aiops create` without a git base: the steps from a laptop, shown as text or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click

from generator.config import load
from generator.control.by_hand import create, preview
from generator.control.ports import ports_of
from generator.control.requests import Document
from generator.layout import BUILD, DEPLOY, PROJECT, ROLES

CONFIGURATION = Path("aiops.toml")


def create_by_hand(given: Document, file: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Create the repositories of the project that `given` (a step's input) names, or show them.

    file: the configuration; ./aiops.toml by default. Raises ConfigError, and what the steps raise.
    """
    ports = ports_of(load(file or CONFIGURATION))
    found = preview(given, ports) if dry_run else create(given, ports, _say)
    click.echo(json.dumps(found, indent=2) if as_json else _text(found))


def _say(what: str) -> None:
    click.echo(f"aiops: {what}", err=True)


def _text(found: Document) -> str:
    lines = [f"{found['project']['name']} ({found['project']['id']})"]
    for role in ROLES:
        shown = dict(found[role])
        if role == DEPLOY and shown["role"] == PROJECT:
            # The same repository: only what was not said of it yet.
            said = found[BUILD]
            shown = {
                name: value
                for name, value in shown.items()
                if name in ("repository", "url", "missing") or said.get(name) != value
            }
        shown.pop("role", None)
        lines.append(f"  {role:6}  {shown.pop('url', shown['repository'])}")
        shown.pop("repository")
        missing = shown.pop("missing", found.get("missing"))
        lines += [
            f"          {name.replace('_', ' ')}: {_plainly(value)}"
            for name, value in shown.items()
            if value not in (None, [], "")
        ]
    if missing:
        lines.append(f"  not known yet, null in cicd-config.json: {', '.join(missing)}")
    return "\n".join(lines)


def _plainly(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plainly(inner) or 'nobody'}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
