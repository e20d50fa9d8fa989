"""Remembers which model version a deployment from this machine replaced."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from operations.stack_state import DeployedStack

RECORDS = Path(".deploy")


@dataclass(frozen=True)
class DeploymentRecord:
    """One deployment: what it put on the stage, and what was there before."""

    stage: str
    model_package_arn: str
    previous_model_package_arn: str | None

    @property
    def outputs_file(self) -> Path:
        """Where the CDK writes the stack's outputs."""
        return RECORDS / f"{self.stage}.outputs.json"

    @classmethod
    def begin(
        cls, stage: str, *, stack: DeployedStack | None, model_package_arn: str
    ) -> "DeploymentRecord":
        """Write the record of a deployment that is about to start.

        Deploying the same version again replaces nothing, so the way back stays what it was.
        """
        before = stack.model_package_arn if stack else None
        if before == model_package_arn:
            before = cls.previous(stage)
        record = cls(stage, model_package_arn, before)
        RECORDS.mkdir(exist_ok=True)
        text = json.dumps(asdict(record), indent=2) + "\n"
        (RECORDS / f"{stage}.json").write_text(text, encoding="utf-8")
        return record

    @classmethod
    def previous(cls, stage: str) -> str | None:
        """The version that the last deployment from this machine replaced, if any."""
        file = RECORDS / f"{stage}.json"
        if not file.is_file():
            return None
        return cls(**json.loads(file.read_text(encoding="utf-8"))).previous_model_package_arn
