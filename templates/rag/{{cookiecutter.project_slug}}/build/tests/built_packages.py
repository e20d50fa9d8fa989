"""Runs Ingest, Embed and Index in a folder, as the pipeline does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.embed import Counts, embed_files
from source.index_build import Built, Parts, build
from source.index_settings import ChunkSettings, EmbeddingSettings
from source.ingest import Sections, ingest
from source.ingest_report import IngestReport
from source.ingest_settings import DataSettings
from source.manifest import Manifest, read_manifest

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
# Nothing to choose, so that a build takes no time for it.
GIVEN = {"retrieval": {"weights": {"bm25": 1.0, "dense": 1.0}}, "generation": {"min_score": 0.3}}


@dataclass(frozen=True)
class Run:
    """One run of the steps below a folder, on the documents of another."""

    folder: Path
    corpus: Path
    previous: Path | None = None
    data: DataSettings = DataSettings()  # noqa: RUF009
    embedding: EmbeddingSettings = EmbeddingSettings(dimension=32)  # noqa: RUF009

    @property
    def package(self) -> Path:
        """What Index writes."""
        return self.folder / "package"

    @property
    def manifest(self) -> Manifest:
        """The manifest in the package."""
        return read_manifest(self.package)

    @property
    def parts(self) -> Parts:
        """What Index reads."""
        names = ("documents", "manifest", "chunks", "vectors", "embedded", "encoder")
        return Parts(**{name: self.folder / name for name in names}, prompts=PROMPTS)

    def all(self, settings: Mapping[str, Any] | None = None) -> Built:
        """Every step."""
        self.ingest()
        self.embed()
        return self.index(settings)

    def ingest(self) -> IngestReport:
        """The first step."""
        sections = Sections(self.data, ChunkSettings(), self.embedding)
        return ingest(self.corpus, self.previous, None, self.folder, sections)

    def embed(self, documents: Path | None = None) -> Counts:
        """The second, on all files or one."""
        return embed_files(
            documents or self.folder / "documents",
            self.folder / "encoder",
            self.previous,
            self.folder,
            ChunkSettings(),
            self.embedding,
        )

    def index(self, settings: Mapping[str, Any] | None = None) -> Built:
        """The third."""
        return build(self.parts, self.package, {**GIVEN, **(settings or {})})


def write_settings(path: Path, **sections: Any) -> Path:
    """A step's settings.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sections), encoding="utf-8")
    return path
