"""Tells a person what happens, with the seconds since the beginning."""

from __future__ import annotations

import time

import pytest


class Narrator:
    """A plugin of pytest: the first line that explains a test is the heading of its scene."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._scenes = 0

    def say(self, text: str) -> None:
        """Print one line."""
        print(f"  {time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Function) -> None:
        """Print the heading of a scene."""
        self._scenes += 1
        title = (item.obj.__doc__ or item.name).strip().splitlines()[0]
        print(f"\n{self._scenes}. {title}", flush=True)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Leave out the dots: a scene that passes has told so."""
        return ("passed" if report.when == "call" else "", "", "") if report.passed else None


def narrator_of(config: pytest.Config) -> Narrator:
    """Return the narrator of `make e2e`, or else one whose lines pytest keeps for a failure."""
    plugins = config.pluginmanager.get_plugins()
    return next((one for one in plugins if isinstance(one, Narrator)), None) or Narrator()
