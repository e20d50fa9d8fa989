"""What a demo leaves on record: .demo/report.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.repositories import SeededRepository


@dataclass(frozen=True)
class RepositoryEntry:
    """A pushed repository. `path` is the folder of the bare repository."""

    role: str
    name: str
    path: str
    commit: str
    tree: str

    @classmethod
    def of(cls, repository: SeededRepository) -> RepositoryEntry:
        """Return the entry of a seeded repository."""
        return cls(
            repository.role, repository.name, repository.url, repository.commit, repository.tree
        )


@dataclass(frozen=True)
class PipelineEntry:
    """A local pipeline run: its status, metrics on the test split, wall-clock seconds."""

    status: str
    metrics: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class StackEntry:
    """A synthesized stack: its template's path and how many resources it has."""

    template: str
    resources: int


@dataclass(frozen=True)
class PredictionEntry:
    """What the endpoint was asked, a record, a conversation or a question, and its answer."""

    record: dict[str, object]
    value: float | str

    def in_words(self) -> str:
        """Return the answer and the beginning of the question, as one line."""
        if isinstance(self.value, str):
            return f"{_short(self.value)} for {_short(self._asked())}"
        known = list(self.record.items())
        record = ", ".join(f"{name}={value}" for name, value in known[:4])
        return f"{self.value:.4g} for {record}{', ...' * (len(known) > 4)}"

    def _asked(self) -> str:
        """The question, or the conversation's last message."""
        messages = self.record.get("messages")
        if isinstance(messages, list):
            return str(messages[-1]["content"])
        return str(self.record["question"])


def _short(text: str, most: int = 60) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rstrip()} ..."


@dataclass(frozen=True)
class DemoReport:
    """The whole demo. `phases` are wall-clock seconds by name."""

    project_id: str
    template: str
    repositories: list[RepositoryEntry]
    pipeline: PipelineEntry
    model_package: str
    stack: StackEntry
    prediction: PredictionEntry
    phases: dict[str, float]

    def write(self, path: Path) -> None:
        """Write the report as JSON, all at once."""
        aside = path.with_suffix(".tmp")
        aside.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        aside.replace(path)
