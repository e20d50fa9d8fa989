"""`python -m mlops compile`: turns `pipeline/definition.py` into the JSON that SageMaker runs.

No AWS call is made. The definition and the keys of everything it refers to depend on the sources
alone, so compiling unchanged sources gives the same bytes, on any machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from mlops.local.freshness import is_compiled, mark_compiled, sources_fingerprint
from mlops.settings import CONFIG_FILE, load_settings

OUTPUT = Path(".pipeline")


@dataclass(frozen=True)
class CompiledPipeline:
    """A compiled pipeline: its definition, where that is written, and the staged uploads.

    `assets` holds what has to be uploaded before the pipeline runs, as `<bucket>/<key>`.
    """

    definition: dict[str, Any]
    definition_path: Path
    assets: Path

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The pipeline's parameters by name, as `{"Name", "Type", "DefaultValue"}`."""
        return {parameter["Name"]: parameter for parameter in self.definition["Parameters"]}


def compile_pipeline(output: Path = OUTPUT, root: Path = Path()) -> CompiledPipeline:
    """Compile the pipeline of the repository at `root` into the folder `output`.

    What was in `output` is replaced only when compiling succeeds. Raises `CommandError` when the
    project's configuration, the data file or a step's code is not usable.
    """
    settings = load_settings(root / CONFIG_FILE)
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that it can take its place by a rename.
    scratch = Path(tempfile.mkdtemp(prefix=f"{output.name}.", dir=output.parent))
    staging = scratch / "new"
    (staging / "assets").mkdir(parents=True)
    try:
        with offline_environment(settings.region), _quiet():
            sdk = importlib.import_module("mlops.compile_sdk")
            define = importlib.import_module("pipeline.definition").build_pipeline
            with sdk.quiet_sdk():
                session = sdk.OfflineSession(settings, staging / "assets")
                build = sdk.Build(settings=settings, session=session, root=root)
                compiled = json.loads(define(build).definition())
        # The SDK writes null for what is not used; the service has no such value.
        definition = {key: value for key, value in compiled.items() if value is not None}
        text = json.dumps(definition, indent=2, sort_keys=True) + "\n"
        (staging / "definition.json").write_text(text, encoding="utf-8")
        if output.exists():
            output.rename(scratch / "old")
        staging.rename(output)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return CompiledPipeline(json.loads(text), output / "definition.json", output / "assets")


@contextmanager
def offline_environment(region: str) -> Iterator[None]:
    """Environment variables under which the SDK neither asks nor finds anything.

    Whatever the person has set for AWS or SageMaker is put aside meanwhile.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SAGEMAKER_"))
    }
    pinned = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": os.devnull,
        "SAGEMAKER_USER_CONFIG_OVERRIDE": os.devnull,
        "SAGEMAKER_VALIDATE_ROLE": "false",
    }
    with mock.patch.dict(os.environ, kept | pinned, clear=True):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the chatter of the SDK and its libraries; errors stay."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def main(arguments: Sequence[str]) -> int:
    """Compile and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m mlops compile", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder (default: .pipeline)")
    parser.add_argument(
        "--if-needed", action="store_true", help="only when sources, settings or data have changed"
    )
    options = parser.parse_args(arguments)
    fingerprint = sources_fingerprint(Path())
    if options.if_needed and is_compiled(options.output, fingerprint):
        print(f"{options.output}: up to date")
        return 0
    compiled = compile_pipeline(options.output)
    mark_compiled(options.output, fingerprint)
    staged = [path for path in compiled.assets.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in staged)
    print(f"{compiled.definition_path}: {len(_step_names(compiled.definition['Steps']))} steps")
    print(f"{compiled.assets}: {len(staged)} files to upload, {size / 1024:.0f} KiB")
    return 0


def _step_names(steps: list[dict[str, Any]]) -> list[str]:
    names = []
    for step in steps:
        names.append(step["Name"])
        if step["Type"] == "Condition":
            names += _step_names(step["Arguments"]["IfSteps"] + step["Arguments"]["ElseSteps"])
    return names
