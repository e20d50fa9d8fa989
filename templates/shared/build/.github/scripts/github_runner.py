"""How a workflow's script talks to the runner: facts in, outputs out, or one clear reason to stop.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

CONFIG_FILE = Path("cicd-config.json")

ACCOUNT = r"[0-9]{12}"
REGION = r"[a-z]{2}(-[a-z]+){1,2}-[0-9]"
ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+"
ANY = r"[^\r\n]+"


class Stop(Exception):
    """The workflow must not go on; the message tells a person what was wrong and what to do."""


def read_facts(patterns: Mapping[str, str], purpose: str) -> dict[str, str]:
    """The values of the dotted keys in cicd-config.json, each matching its pattern.

    Raises `Stop` that names every key without a value, or every value of the wrong form.
    """
    config = _read_config()
    values = {key: _look_up(config, key) for key in patterns}
    if missing := [key for key, value in values.items() if value in (None, "")]:
        raise Stop(
            f"{purpose} needs values that {CONFIG_FILE} leaves null: {', '.join(missing)}. "
            f"Fill them in and commit the file: none of them is a secret."
        )
    wrong = [
        f"{key} is {show(value)}"
        for key, value in values.items()
        if not (isinstance(value, str) and re.fullmatch(patterns[key], value))
    ]
    if wrong:
        raise Stop(f"{CONFIG_FILE} has values of the wrong form: {'; '.join(wrong)}.")
    return {key: str(value) for key, value in values.items()}


def has_fact(key: str) -> bool:
    """Whether cicd-config.json has a value for the dotted key; raises `Stop` without the file."""
    return _look_up(_read_config(), key) not in (None, "")


def show(value: object, longest: int = 120) -> str:
    """A value as part of a message: on one line, quoted, and no longer than a person reads."""
    text = ascii(value)
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def run(plan: Callable[[], Mapping[str, str]], title: str) -> int:
    """Write what `plan` returns as outputs of the step; on `Stop` explain, and return 1."""
    try:
        outputs = plan()
    except Stop as stop:
        print(f"::error title={title}::{_escape(str(stop))}")
        _append("GITHUB_STEP_SUMMARY", f"### {title}\n\n```text\n{stop}\n```\n")
        return 1
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs.items()))
    for name, value in outputs.items():
        print(f"{name}: {value}")
    return 0


def _read_config() -> object:
    try:
        return json.loads(CONFIG_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"{CONFIG_FILE} cannot be read: {error}") from error


def _look_up(config: object, key: str) -> object:
    for part in key.split("."):
        config = config.get(part) if isinstance(config, dict) else None
    return config


def _append(variable: str, text: str) -> None:
    if path := os.environ.get(variable):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _escape(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
