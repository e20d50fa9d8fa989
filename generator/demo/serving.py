"""The registered model behind SageMaker's contract on this machine, for as long as it is needed."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.demo.build import BuildRepository
from generator.demo.commands import CommandFailed, environment
from generator.demo.report import PredictionEntry

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
# Loading a language model takes a while on a busy machine.
START_SECONDS = 180


@contextmanager
def served(repository: BuildRepository, package: str) -> Iterator[str]:
    """Serve a registered package and yield the address; the server ends with the context."""
    log = repository.logs / "serve.log"
    python = repository.venv / "bin" / "python"
    server = subprocess.Popen(
        [python, "-m", "mlops", "serve", "--model-package", package, "--port", "0"],
        cwd=repository.folder,
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # The server is ended when it does not say its address in time; reading its output then ends.
    guard = threading.Timer(START_SECONDS, server.terminate)
    guard.start()
    try:
        address, said = _address(server)
        guard.cancel()
        log.write_text(said, encoding="utf-8")
        if address is None:
            raise CommandFailed(f"the model server did not start within {START_SECONDS} s:\n{said}")
        drain = threading.Thread(target=_drain, args=(server, log), daemon=True)
        drain.start()
        yield address
    finally:
        guard.cancel()
        server.terminate()
        server.wait(timeout=20)


def _address(server: subprocess.Popen[str]) -> tuple[str | None, str]:
    said = ""
    assert server.stdout is not None
    for line in server.stdout:
        said += line
        if found := ADDRESS.search(line):
            return found.group(), said
    return None, said


def _drain(server: subprocess.Popen[str], log: Path) -> None:
    assert server.stdout is not None
    with log.open("a", encoding="utf-8") as output:
        output.writelines(server.stdout)


def predict(url: str, sample_request: Path) -> PredictionEntry:
    """Ask the server what the evaluation's sample request asks, of records only the first."""
    sample = json.loads(sample_request.read_text(encoding="utf-8"))
    body = sample["body"]
    if "instances" in body:
        body = {"instances": body["instances"][:1]}
    request = urllib.request.Request(
        f"{url}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": sample["content_type"], "Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.load(answer)
    if "instances" in body:
        return PredictionEntry(body["instances"][0], float(said["predictions"][0]))
    if "question" in body:
        return PredictionEntry(body, str(said["answer"]))
    return PredictionEntry(body, str(said["choices"][0]["message"]["content"]))
