"""Writes what a synthesis produced to summary.json, for tools that come after it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only reads a summary need not wait for the CDK
    from aws_cdk import Stack

OUTPUT_DIRECTORY = Path("cdk.out")
SUMMARY_FILE = "summary.json"


@dataclass(frozen=True)
class Summary:
    """One synthesized stack. ``template`` is a path; ``outputs`` are those known beforehand."""

    stage: str
    stack: str
    template: str
    resources: int
    resource_types: Mapping[str, int]
    model_package_arn: str
    outputs: Mapping[str, str]
    placeholders: Mapping[str, str]


def write_summary(
    directory: Path,
    *,
    stack: "Stack",
    stage: str,
    package_arn: str,
    placeholders: Mapping[str, str],
) -> Summary:
    """Describe the template in ``directory`` and write the description beside it."""
    file = directory / stack.template_file
    template = json.loads(file.read_text(encoding="utf-8"))
    types = Counter(resource["Type"] for resource in template["Resources"].values())
    outputs = {
        name: output["Value"]
        for name, output in template.get("Outputs", {}).items()
        if isinstance(output["Value"], str)
    }
    summary = Summary(
        stage=stage,
        stack=stack.stack_name,
        template=str(file),
        resources=types.total(),
        resource_types=dict(sorted(types.items())),
        model_package_arn=package_arn,
        outputs=outputs,
        placeholders=placeholders,
    )
    text = json.dumps(asdict(summary), indent=2) + "\n"
    (directory / SUMMARY_FILE).write_text(text, encoding="utf-8")
    return summary


def read_summary(directory: Path) -> Summary:
    """The description that ``write_summary`` left in ``directory``."""
    return Summary(**json.loads((directory / SUMMARY_FILE).read_text(encoding="utf-8")))
