"""Ingest: read the documents, check them, compare them with the last run's, ready the encoder.

Writes below --output: documents/part-*.jsonl, manifest/manifest.json, encoder/ and reports/. When
the corpus cannot be used, only the report is written.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlops.tracking import step_run
from source.corpus import Broken, read_corpus
from source.documents import Document, write_documents
from source.duplicate_documents import without_copies
from source.encoder_choice import choose_encoder
from source.exits import StepFailed, conclude, run_step
from source.index_settings import (
    ChunkSettings,
    EmbeddingSettings,
    chunk_settings,
    embedding_settings,
)
from source.ingest_checks import findings
from source.ingest_report import IngestReport
from source.ingest_settings import DataSettings, data_settings
from source.manifest import FILE_NAME, compare, read_manifest
from source.settings import read_document
from source.step_arguments import INPUT, step_parser


@dataclass(frozen=True)
class Sections:
    """What Ingest reads of config/pipeline.yaml."""

    data: DataSettings
    chunk: ChunkSettings
    embedding: EmbeddingSettings


def ingest(
    folder: Path, previous: Path | None, given: Path | None, output: Path, sections: Sections
) -> IngestReport:
    """Ingest the files below a folder. Raises `StepFailed` listing every error that they have.

    `previous` is what the last run has left, `given` the folder of a pretrained encoder.
    """
    corpus = read_corpus(folder, sections.data)
    spoken, others = _by_language(corpus.documents, sections.data)
    copies = without_copies(spoken, sections.data.near_duplicate_threshold)
    documents = copies.kept
    report = IngestReport(
        files=corpus.files,
        documents=len(documents),
        characters=sum(len(document.text) for document in documents),
        broken=corpus.broken,
        skipped=corpus.skipped,
        other_languages=others,
        exact=copies.exact,
        near=copies.near,
        formats=_counts(document.format for document in documents),
        languages=_counts(document.language or "unknown" for document in documents),
        labels=_counts(
            label for document in documents for label in document.labels or ("(everybody)",)
        ),
        manifest=compare(documents, read_manifest(previous)),
        problems=tuple(findings(len(documents), corpus.broken, sections.data)),
    )
    title = os.environ.get("PROJECT_NAME") or "Documents"
    if not report.passed:
        report.save(output / "reports", title)
        listed = "; ".join(problem.message for problem in report.errors)
        raise StepFailed(f"{len(report.errors)} problem(s): {listed}\n{report.text()}")
    encoder, words = choose_encoder(documents, sections.chunk, sections.embedding, given, previous)
    report = replace(report, encoder=words)
    write_documents(documents, output / "documents")
    report.manifest.write(output / "manifest" / FILE_NAME)
    encoder.save(output / "encoder")
    report.save(output / "reports", title)
    return report


def _by_language(
    documents: Sequence[Document], settings: DataSettings
) -> tuple[list[Document], tuple[Broken, ...]]:
    """Documents in the languages asked for, and the others. What cannot be told apart stays."""
    kept: list[Document] = []
    others: list[Broken] = []
    for document in documents:
        if settings.languages and document.language not in (None, *settings.languages):
            others.append(Broken(document.id, f"its language seems to be {document.language}"))
        else:
            kept.append(document)
    return kept, tuple(others)


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda entry: (-entry[1], entry[0])))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    parser = step_parser(__doc__, "previous", "encoder")
    parser.add_argument("--input", type=Path, default=INPUT / "data")
    options = parser.parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    sections = Sections(
        data_settings(document), chunk_settings(document), embedding_settings(document)
    )
    given = options.encoder if options.encoder.is_dir() else None
    report = ingest(options.input, options.previous, given, options.output, sections)
    print(report.text())
    with step_run("Ingest"):
        import mlflow

        mlflow.log_params(
            {
                "corpus.sha256": report.manifest.sha256,
                "corpus.languages": ", ".join(report.languages),
                "corpus.formats": ", ".join(report.formats),
                "embedding.kind": sections.embedding.kind,
                "embedding.model": sections.embedding.model,
            }
        )
        mlflow.log_metrics(
            {
                "documents": float(report.documents),
                "broken_documents": float(len(report.broken)),
                "exact_copies": float(len(report.exact)),
                "near_copies": float(len(report.near)),
                "documents_added": float(len(report.manifest.added)),
                "documents_changed": float(len(report.manifest.changed)),
                "documents_removed": float(len(report.manifest.removed)),
            }
        )
        mlflow.log_artifacts(str(options.output / "reports"), "corpus")
    conclude(report.summary())


if __name__ == "__main__":
    main()
