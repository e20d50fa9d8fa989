"""Train: tune the base model on the rows, by examples, by preferences, or by both.

Reads the channels train, validation, preferences and base (absent for a model of the Hub); writes
the model directory to SM_MODEL_DIR, and history.json and cost.json to SM_OUTPUT_DATA_DIR.
Checkpoints go to SM_CHECKPOINT_DIR: started again after an interruption, it goes on where it was.

On several devices every process runs this module; see `source.distributed`. The exit code is 143
when it was told to end and has saved a checkpoint.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from source.checkpoints import INTERRUPTED_EXIT, Interrupted, checkpoint_directory
from source.distributed import launch_plan, launched, start
from source.exits import run_step
from source.hardware import detect
from source.settings import default_path

CHANNELS = ("train", "validation", "preferences", "base")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the step with the paths of its container, or those given."""
    environment, data = os.environ, Path("/opt/ml/input/data")
    parser = argparse.ArgumentParser(description=__doc__)
    for channel in CHANNELS:
        default = environment.get(f"SM_CHANNEL_{channel.upper()}", str(data / channel))
        parser.add_argument(f"--{channel}", type=Path, default=Path(default))
    model_dir = environment.get("SM_MODEL_DIR", "/opt/ml/model")
    output_dir = environment.get("SM_OUTPUT_DATA_DIR", "/opt/ml/output/data")
    parser.add_argument("--model-dir", type=Path, default=Path(model_dir))
    parser.add_argument("--output-data-dir", type=Path, default=Path(output_dir))
    parser.add_argument("--checkpoints", type=Path, default=checkpoint_directory())
    parser.add_argument("--settings", type=Path, default=default_path())
    # SageMaker also passes hyperparameters as arguments; all of ours are in the settings.
    options, _ = parser.parse_known_args(arguments)
    run_step(lambda: _run(options, sys.argv[1:] if arguments is None else list(arguments)))


def _run(options: argparse.Namespace, arguments: Sequence[str]) -> None:
    if not launched():
        launch = launch_plan(os.environ, detect().devices)
        if launch is not None:
            start(launch, "source.train", arguments)
    # Only now: a process that becomes torchrun need not import the training libraries.
    from source.train_run import Folders, run

    folders = Folders(**{name: getattr(options, name) for name in Folders.__annotations__})
    try:
        run(folders, options.settings)
    except Interrupted as interrupted:
        print(f"{interrupted}; started again, it goes on from there", flush=True)
        # The exit code of the whole group is what counts: no clean-up may hang on the others.
        sys.stdout.flush()
        os._exit(INTERRUPTED_EXIT)


if __name__ == "__main__":
    main()
