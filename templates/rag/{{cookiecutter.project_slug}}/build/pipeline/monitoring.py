"""`make monitor`: looks at what was asked, with the package that `make serve` serves.

The bounds are those of config/pipeline.yaml as it is now; the job in the cloud takes them from the
package.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlops.errors import CommandError
from mlops.local.workspace import open_workspace
from mlops.serve import choose
from mlops.settings import load_settings
from pipeline.config import load_config

CAPTURE = "CAPTURE"
# As jobs in the cloud have it.
TITLE = "PROJECT_NAME"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report; 1 when a bound is exceeded or there is nothing to look at."""
    parser = argparse.ArgumentParser("python -m pipeline.monitoring", description=__doc__)
    parser.add_argument("--package", type=Path, help="default: the approved one, or the last run's")
    parser.add_argument("--output", type=Path, help="folder of the report (.local/monitor)")
    parser.add_argument("--until", help="end of the window, a date or time in UTC (now)")
    options = parser.parse_args(arguments)
    try:
        workspace = open_workspace()
        config = load_config()
        package = options.package or choose(None, None, workspace).path
        os.environ.setdefault(TITLE, load_settings().project.slug)
    except CommandError as error:
        print(f"monitor: {error}", file=sys.stderr)
        return error.exit_code
    # Here, because it opens the encoder: nothing else of the pipeline's code does.
    from source.monitor import main as watch

    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.json"
        section = {"monitor": config.monitor.model_dump(mode="json")}
        settings.write_text(json.dumps(section), encoding="utf-8")
        given = [
            f"--package={package}",
            f"--capture={os.environ.get(CAPTURE, '')}",
            f"--output={options.output or workspace.root / 'monitor'}",
            f"--settings={settings}",
        ]
        watch(given if options.until is None else [*given, f"--until={options.until}"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
