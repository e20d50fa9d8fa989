"""The deploy repository's part: synthesize the stack for a package, smoke-test a served model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from generator.demo.commands import make
from generator.demo.report import StackEntry

STAGE = "dev"


@dataclass(frozen=True)
class DeployRepository:
    """A clone of the deploy repository and the environment it works in."""

    folder: Path
    venv: Path
    logs: Path

    def stack(self, package: str) -> StackEntry | None:
        """Return the stack, if it is synthesized for this very package."""
        for template in (self.folder / "cdk.out" / STAGE).glob("*.template.json"):
            text = template.read_text(encoding="utf-8")
            if json.dumps(package) in text:
                return StackEntry(str(template), len(json.loads(text)["Resources"]))
        return None

    def synthesize(self, package: str) -> StackEntry:
        """Synthesize the stack of the first stage for a package. Raises CommandFailed."""
        words = ("synth", f"STAGE={STAGE}", f"MODEL_PACKAGE_ARN={package}")
        make(self.folder, *words, venv=self.venv, log=self.logs / "synth.log")
        if (stack := self.stack(package)) is None:
            raise FileNotFoundError(f"no template for {package} in {self.folder}/cdk.out/{STAGE}")
        return stack

    def smoke(self, url: str, sample_request: Path) -> None:
        """Run the repository's smoke test against a served model. Raises CommandFailed."""
        words = ("smoke", f"URL={url}", f"SAMPLE_REQUEST={sample_request}")
        make(self.folder, *words, venv=self.venv, log=self.logs / "smoke.log")
