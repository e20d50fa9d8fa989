"""`make questions`: writes questions about the last run's index to a file that people review.

Review them: remove what nobody would ask, correct where answers stand, mark the rest `reviewed`,
add your own; then name the file in config/pipeline.yaml under evaluate.questions. What the file has
already is kept as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import CommandError
from mlops.local.outcome import read_last_run
from mlops.local.workspace import open_workspace
from pipeline.config import load_config

FILE = Path("questions/questions.jsonl")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or extend the file; 1 when there is no index to ask questions about."""
    parser = argparse.ArgumentParser("python -m pipeline.questions", description=__doc__)
    parser.add_argument("--package", type=Path, help="an index's folder (default: the last run's)")
    parser.add_argument("--output", type=Path, default=FILE, help=f"default: {FILE}")
    options = parser.parse_args(arguments)
    try:
        evaluate = load_config().for_step("Evaluate")["evaluate"]
        package = options.package or _last_package()
    except CommandError as error:
        print(f"questions: {error}", file=sys.stderr)
        return error.exit_code
    # Here, because it opens the index: nothing else of the pipeline's code does.
    from source.write_questions import main as write

    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"
        settings.write_text(json.dumps({"evaluate": evaluate}), encoding="utf-8")
        write([f"--package={package}", f"--output={options.output}", f"--settings={settings}"])
    return 0


def _last_package() -> Path:
    """The package of the last run on this machine."""
    try:
        summary = read_last_run(open_workspace())
    except LookupError as error:
        raise CommandError(f"there is no index yet: {error}") from error
    if not summary["model_data"]:
        raise CommandError(
            f"run {summary['execution_id']} made no index: {summary['failure_reason']}"
        )
    return Path(summary["model_data"])


if __name__ == "__main__":
    sys.exit(main())
