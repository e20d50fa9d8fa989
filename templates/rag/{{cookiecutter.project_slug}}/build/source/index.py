"""Index: put chunks and vectors into an index, choose its weights, and write the package.

Writes below --output: package/, which answers questions without any other file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from mlops.tracking import step_run
from source.exits import conclude, run_step
from source.index_build import Parts, build
from source.settings import read_document
from source.step_arguments import step_parser

PACKAGE = "package"
FOLDERS = ("documents", "manifest", "chunks", "vectors", "embedded", "encoder", "prompts")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    options = step_parser(__doc__, *FOLDERS, "questions").parse_args(arguments)
    run_step(lambda: _tracked(options))


def _tracked(options: argparse.Namespace) -> None:
    document = read_document(options.settings)
    given = {name: getattr(options, name) for name in FOLDERS}
    questions = options.questions if options.questions.exists() else None
    began = time.perf_counter()
    built = build(Parts(**given, questions=questions), options.output / PACKAGE, document)
    seconds = time.perf_counter() - began
    metadata, chosen, manifest = built.metadata, built.chosen, built.manifest
    print(chosen.note)
    with step_run("Index"):
        import mlflow

        mlflow.log_params(
            {
                "index.version": metadata["version"],
                "index.store": metadata["store"],
                "corpus.sha256": metadata["corpus"]["sha256"],
                "encoder.kind": metadata["encoder"]["kind"],
                "encoder.fingerprint": metadata["encoder"]["fingerprint"],
                "weights.bm25": chosen.bm25,
                "weights.dense": chosen.dense,
                "min_score": chosen.min_score,
            }
        )
        mlflow.log_metrics(
            {
                "chunks": float(metadata["chunks"]),
                "chunks_embedded": float(manifest.embedded or 0),
                "chunks_reused": float(manifest.reused or 0),
                "index_seconds": seconds,
            }
        )
        for name in ("config.json", "metadata.json", "manifest.json"):
            mlflow.log_artifact(str(options.output / PACKAGE / name), "package")
    conclude(
        f"{manifest.text()}; {metadata['chunks']} passages in {metadata['store']}: "
        f"{manifest.embedded} embedded, {manifest.reused} taken from the last run"
    )


if __name__ == "__main__":
    main()
