"""Runs the smoke test of tests/smoke against an endpoint or a server on this machine."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from components.errors import ConfigurationError
from components.settings import Stage, load_settings
from operations.failures import OperationFailed
from operations.sample_request import from_file
from operations.stage_account import require_facts

SMOKE_TESTS = Path("tests/smoke")


@dataclass(frozen=True)
class SmokeRequest:
    """What to test: a local ``url``, or a ``stage`` and optionally another endpoint in it."""

    url: str | None
    stage: Stage | None
    endpoint: str | None
    model_package_arn: str | None
    sample_request: Path | None
    tolerance: float | None

    def arguments(self) -> list[str]:
        """The options of tests/smoke/conftest.py; those that are not given are left out."""
        given = {
            "url": self.url,
            "stage": self.stage,
            "endpoint": self.endpoint,
            "model-package-arn": None if self.url else self.model_package_arn,
            "sample-request": self.sample_request,
            "tolerance": self.tolerance,
        }
        return [f"--{name}={value}" for name, value in given.items() if value is not None]


def run_smoke_test(request: SmokeRequest) -> None:
    """Run the smoke test in its own process; raises OperationFailed when it fails.

    Raises ConfigurationError when the request cannot be carried out.
    """
    if request.url is not None:
        check_local(request.url, request.sample_request)
    elif request.stage is not None:
        require_facts(load_settings(), request.stage)
    if request.sample_request is not None:
        from_file(request.sample_request)
    command = [sys.executable, "-m", "pytest", str(SMOKE_TESTS), "-n", "0", "--tb=short", "-v"]
    command += request.arguments()
    if subprocess.run(command, check=False).returncode:
        raise OperationFailed("the smoke test failed, see above")


def check_local(url: str, sample_request: Path | None) -> None:
    """Raise ConfigurationError unless a server on this machine can be asked this."""
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"URL is {url!r}; use http://127.0.0.1:8080, say")
    if sample_request is None:
        raise ConfigurationError(
            "a server on this machine needs a request: SAMPLE_REQUEST=path/to/"
            "sample_request.json, which `make run` of the build repository writes"
        )
