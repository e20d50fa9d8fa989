"""Serves a model on this machine the way a SageMaker endpoint does: /ping and /invocations."""

import argparse
import json
import logging
import shlex
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops.errors import CommandError
from mlops.local.outcome import read_last_run
from mlops.local.store import LocalStore
from mlops.local.workspace import Workspace, open_workspace
from mlops.registry import ModelPackage, open_registry
from mlops.serve_artifact import has_application, load, load_application, unpack
from mlops.serve_http import ContentTypes, build_app
from mlops.settings import load_settings

HOST = "127.0.0.1"
PORT = 8080
_QUEUE = 64


@dataclass(frozen=True)
class Target:
    """What to serve. `sample` is a file with a request that the model can answer."""

    label: str
    path: Path
    sample: Path | None = None
    types: ContentTypes | None = None


def main(arguments: Sequence[str]) -> int:
    """The command; serves until it is interrupted."""
    parser = argparse.ArgumentParser("python -m mlops serve", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--model-package", metavar="ARN", help="a package of the local registry")
    what.add_argument("--model", type=Path, metavar="PATH", help="a model.tar.gz or directory")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    options = parser.parse_args(arguments)
    target = choose(options.model_package, options.model, open_workspace())
    with listen(options.port) as listener, tempfile.TemporaryDirectory(prefix="mlops-") as folder:
        print(f"loading {target.label}", flush=True)
        app = application(unpack(target.path, Path(folder)), target.types)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        print(f"serving on {address}; Ctrl-C ends it\n", flush=True)
        print(curl(address, target.sample), flush=True)
        serve(app, listener)
    return 0


def application(directory: Path, types: ContentTypes | None) -> Any:
    """The application for a model directory: the model's own, or ours around its handlers."""
    if has_application(directory):
        return load_application(directory)
    return build_app(load(directory), types)


def serve(app: Any, listener: socket.socket) -> None:
    """Answer on an open socket until SIGINT or SIGTERM."""
    import uvicorn

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    config = uvicorn.Config(app, log_level="warning", log_config=None, lifespan="off")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        return


def choose(arn: str | None, path: Path | None, workspace: Workspace) -> Target:
    """What the person asked for; else the newest approved package, else the last run's model.

    Raises `CommandError` when there is none.
    """
    if path is not None:
        beside = path.parent / "sample_request.json"
        return Target(str(path), path, beside if beside.is_file() else None)
    settings = load_settings()
    registry = open_registry(settings, "local")
    if arn is not None:
        return _package(registry.describe(arn), workspace)
    approved = registry.latest_approved(settings.model_package_group)
    if approved is not None:
        return _package(approved, workspace)
    try:
        summary = read_last_run(workspace)
    except LookupError as error:
        raise CommandError(f"there is no model to serve: {error}") from error
    if not summary["model_data"]:
        raise CommandError(
            f"run {summary['execution_id']} made no model: {summary['failure_reason']}"
        )
    sample = Path(summary["sample_request"]) if summary["sample_request"] else None
    label = f"the model of run {summary['execution_id']}, which is not approved"
    return Target(label, Path(summary["model_data"]), sample)


def _package(package: ModelPackage, workspace: Workspace) -> Target:
    store = LocalStore(workspace.store)
    if package.model_data is None or not store.exists(package.model_data):
        raise CommandError(f"{package.arn} has no model data here, at {package.model_data}")
    specification: Mapping[str, Any] = package.details["InferenceSpecification"]
    types = ContentTypes(
        tuple(specification.get("SupportedContentTypes") or ()),
        tuple(specification.get("SupportedResponseMIMETypes") or ()),
    )
    sample = _sample(package, store)
    label = f"{package.arn} ({package.approval})"
    return Target(label, store.path(package.model_data), sample, types)


def _sample(package: ModelPackage, store: LocalStore) -> Path | None:
    metadata = package.details.get("CustomerMetadataProperties") or {}
    uri = metadata.get("sample_request_uri")
    path = store.path(uri) if uri else None
    return path if path is not None and path.is_file() else None


def listen(port: int) -> socket.socket:
    """A socket on this machine's own address; raises `CommandError` when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_QUEUE)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CommandError(
            f"port {port} cannot be used ({error}): --port 0 takes a free one"
        ) from error
    return listener


def curl(address: str, sample: Path | None) -> str:
    """A command to paste into another terminal: the sample's first record."""
    if sample is None:
        return f"curl -i {address}/ping"
    request = json.loads(sample.read_text(encoding="utf-8"))
    body = request["body"]
    if isinstance(body, dict) and isinstance(body.get("instances"), list):
        body = {**body, "instances": body["instances"][:1]}
    text = body if isinstance(body, str) else json.dumps(body)
    return (
        f"curl -s {address}/invocations -H 'content-type: {request['content_type']}' \\\n"
        f"  -d {shlex.quote(text)}"
    )
