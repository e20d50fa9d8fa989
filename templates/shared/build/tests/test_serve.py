"""`mlops serve` answers as a SageMaker endpoint does, with the handlers inside the artifact."""

import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from conftest import Project

from mlops.__main__ import main
from mlops.serve import application, choose, curl, listen
from mlops.serve_artifact import ArtifactError, LoadedModel, load, unpack
from mlops.serve_http import LARGEST_BODY, ContentTypes, build_app

HANDLERS = '''
"""Handlers that depend on a module beside them, as a project's own do."""
import json
import pathlib

from answers.text import shape


class BadRequest(Exception):
    status_code = 422


def model_fn(model_dir):
    return json.loads(pathlib.Path(model_dir, "model.json").read_text())["mean"]


def input_fn(body, content_type):
    if content_type.startswith("text/csv"):
        return [1] * (body.decode().count("\\n"))
    instances = json.loads(body)["instances"]
    if instances == ["refuse"]:
        raise BadRequest("this record is refused")
    if not all(isinstance(item, dict) for item in instances):
        raise ValueError("each instance is an object")
    return instances


def predict_fn(instances, model):
    if instances and instances[0] == {"divide": 0}:
        raise ValueError("secret internals: %s" % model)
    return [model] * len(instances)


def output_fn(predictions, accept):
    return shape(predictions), "application/json"
'''
MODEL = {
    "model.json": '{"mean": 152.5}',
    "code/inference.py": HANDLERS,
    "code/answers/__init__.py": "",
    "code/answers/text.py": "import json\n\n\ndef shape(values):\n"
    '    return json.dumps({"predictions": values})\n',
}


def write_model(folder: Path, files: dict[str, str] = MODEL) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def pack_model(path: Path, files: dict[str, str] = MODEL) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


@dataclass
class Answer:
    """What came back."""

    status: int
    body: str
    content_type: str


@dataclass
class Client:
    """Asks a server."""

    address: str

    def ask(
        self,
        body: bytes | Iterator[bytes] | None,
        path: str = "/invocations",
        method: str = "POST",
        **headers: str,
    ) -> Answer:
        """One request; underscores in header names stand for hyphens."""
        request = urllib.request.Request(
            self.address + path,
            body,
            {name.replace("_", "-"): value for name, value in headers.items()},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                kind = answer.headers.get("content-type", "")
                return Answer(answer.status, answer.read().decode(), kind)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(), error.headers.get("content-type", ""))

    def predict(self, instances: object, **headers: str) -> Answer:
        """A JSON request."""
        headers.setdefault("content_type", "application/json")
        return self.ask(json.dumps({"instances": instances}).encode(), **headers)


@contextmanager
def serving(model: LoadedModel, types: ContentTypes | None = None) -> Iterator[Client]:
    with served(build_app(model, types)) as client:
        yield client


@contextmanager
def served(app: Any) -> Iterator[Client]:
    with listen(0) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """The artifact, unpacked and loaded."""
    folder = tmp_path_factory.mktemp("model")
    return load(unpack(pack_model(folder / "model.tar.gz"), folder / "unpacked"))


@pytest.fixture(scope="module")
def client(model: LoadedModel) -> Iterator[Client]:
    """A server whose handlers alone decide on content types."""
    with serving(model) as ready:
        yield ready


def test_ping_says_that_the_model_is_loaded(client: Client) -> None:
    assert client.ask(None, "/ping", "GET") == Answer(200, "", "")


def test_records_get_predictions(client: Client) -> None:
    answer = client.predict([{"age": 1}, {"age": 2}])
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {"predictions": [152.5, 152.5]}


def test_the_content_type_reaches_the_handlers(client: Client) -> None:
    answer = client.ask(b"age\n1\n2\n", content_type="text/csv; charset=utf-8")
    assert json.loads(answer.body) == {"predictions": [152.5] * 3}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "Expecting property name"),
        (b'{"instances": [3]}', "each instance is an object"),
        (b"", "the body is empty"),
    ],
)
def test_a_bad_body_is_the_clients_fault(body: bytes, words: str, client: Client) -> None:
    answer = client.ask(body, content_type="application/json")
    assert answer.status == 400
    assert words in json.loads(answer.body)["error"]


def test_a_handlers_own_status_is_kept(client: Client) -> None:
    answer = client.predict(["refuse"])
    assert (answer.status, json.loads(answer.body)) == (422, {"error": "this record is refused"})


def test_a_failing_model_says_nothing_of_itself(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.predict([{"divide": 0}])
    assert answer.status == 500
    assert "secret" not in answer.body and "Traceback" not in answer.body
    assert "secret internals: 152.5" in caplog.text  # the log has it all
    assert client.predict([{"age": 1}]).status == 200


def test_the_largest_body_is_six_mebibytes(client: Client) -> None:
    start, end = b'{"instances": [{"text": "', b'"}]}'
    fits = start + b"x" * (LARGEST_BODY - len(start) - len(end)) + end
    assert client.ask(fits, content_type="application/json").status == 200
    answer = client.ask(fits + b" ", content_type="application/json")
    assert answer.status == 413
    assert "more than 6291456 bytes" in answer.body


def test_a_body_of_undeclared_size_is_measured(client: Client) -> None:
    def parts(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b"x" * 1024 * 1024

    assert client.ask(parts(7), content_type="text/csv").status == 413
    with pytest.raises(urllib.error.URLError):  # patience has an end
        client.ask(parts(1000), content_type="text/csv")
    assert client.ask(None, "/ping", "GET").status == 200


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/invocations", "GET", 405), ("/ping", "POST", 405), ("/", "GET", 404)],
)
def test_nothing_else_is_served(path: str, method: str, status: int, client: Client) -> None:
    assert client.ask(None, path, method).status == status


def test_a_packages_content_types_are_enforced(model: LoadedModel) -> None:
    types = ContentTypes(("application/json",), ("application/json", "text/csv"))
    with serving(model, types) as client:
        refused = client.ask(b"1,2\n", content_type="text/csv")
        assert (refused.status, "application/json" in refused.body) == (415, True)
        assert client.predict([{}], accept="image/png").status == 406
        for accept in ("*/*", "text/csv", "image/png, application/*;q=0.5", "application/json"):
            assert client.predict([{}], accept=accept).status == 200


def test_requests_are_answered_one_at_a_time() -> None:
    busy: list[int] = []

    def predict(data: object, _model: object) -> object:
        busy.append(1)
        alone = len(busy) == 1
        time.sleep(0.02)
        busy.pop()
        return alone

    model = LoadedModel(None, lambda body, _: body, predict, lambda out, _: json.dumps(out))
    with serving(model) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.predict([]).body, range(8)))
    assert answers == ["true"] * 8


def test_it_listens_on_this_machine_only() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with listen(0) as listener:
        port = str(listener.getsockname()[1])
        assert main(["serve", "--model", str(tmp_path), "--port", port]) == 1
    assert "--port 0 takes a free one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"model.json": "{}"}, "has no code/inference.py"),
        ({"code/inference.py": "def model_fn(d): pass"}, "lacks input_fn, predict_fn, output_fn"),
        ({"code/inference.py": "import nowhere_to_be_found"}, "No module named 'nowhere_to_be_"),
        ({"code/inference.py": HANDLERS.replace("from answers.text import shape", "")}, "model_fn"),
    ],
)
def test_an_artifact_that_cannot_be_served_says_why(
    files: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ArtifactError, match=re.escape(words)):
        load(write_model(tmp_path, files))


def test_an_archive_writes_only_where_it_should(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("../../outside.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        unpack(path, tmp_path / "a/b")
    assert not list(tmp_path.rglob("outside.txt"))
    (tmp_path / "torn.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(ArtifactError, match="cannot be unpacked"):
        unpack(tmp_path / "torn.tar.gz", tmp_path / "c")
    with pytest.raises(ArtifactError, match="there is no model at"):
        unpack(tmp_path / "absent.tar.gz", tmp_path / "d")


TRAIN = f"""
import os, pathlib
for name, text in {MODEL!r}.items():
    path = pathlib.Path(os.environ["SM_MODEL_DIR"], name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("152.5", os.environ.get("SM_HP_MAX_DEPTH", "0")))
"""


def test_the_newest_approved_package_is_served_else_the_last_model(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlops.local.workspace import open_workspace

    workspace = open_workspace()
    assert main(["serve", "--port", "0"]) == 1
    assert "there is no model to serve" in capsys.readouterr().err
    project.code("Train", TRAIN)
    for depth in (7, 8, 9):
        assert project.run("--param", f"MaxDepth={depth}") == 0
    latest = choose(None, None, workspace)
    assert latest.path == Path(project.last_run()["model_data"])
    assert "not approved" in latest.label
    for version in ("2", "1"):
        assert main(["registry", "approve", version]) == 0
    chosen = choose(None, None, workspace)
    assert "/2 (Approved)" in chosen.label
    assert chosen.types == ContentTypes(("text/csv",), ("application/json",))
    with tarfile.open(chosen.path) as archive:
        member = archive.extractfile("model.json")
        assert member is not None and json.load(member) == {"mean": 8}
    arn = project.last_run()["model_package_arn"]
    assert "/3 (PendingManualApproval)" in choose(arn, None, workspace).label


def test_the_command_serves_until_it_is_ended(tmp_path: Path) -> None:
    """In a process of its own: the artifact's code is used, the repository's is not."""
    (tmp_path / "answers.py").write_text("raise SystemExit('the wrong module')")
    (tmp_path / "sample_request.json").write_text(
        json.dumps(
            {
                "content_type": "application/json",
                "body": {"instances": [{"name": "it's"}, {"name": "b"}]},
                "expected": {"predictions": [152.5, 152.5]},
            }
        )
    )
    pack_model(tmp_path / "model.tar.gz")
    root = next(parent for parent in Path(__file__).parents if (parent / "mlops/local").is_dir())
    process = subprocess.Popen(
        [sys.executable, "-m", "mlops", "serve", "--model", "model.tar.gz", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "-d " in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert found, said
        answer = Client(found.group()).predict([{"name": "a"}])
        assert json.loads(answer.body) == {"predictions": [152.5]}
        command = said[said.index("curl") :].replace("curl", "printf '%s|'", 1)
        words = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout.split("|")
        assert json.loads(words[words.index("-d") + 1]) == {"instances": [{"name": "it's"}]}
    finally:
        process.terminate()
        rest = process.communicate(timeout=10)[0]
    assert process.returncode in (0, -15), rest
    assert "Traceback" not in rest


APPLICATION = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from answers.text import name_of

def build_app(directory):
    def invoke(request):
        return JSONResponse({"model": name_of(directory)})
    return Starlette(routes=[Route("/invocations", invoke, methods=["POST"])])
"""


def test_a_model_may_bring_its_own_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    code = tmp_path / "tuned/code"
    (code / "answers").mkdir(parents=True)
    (code / "answers/__init__.py").touch()
    (code / "app.py").write_text(APPLICATION)
    (code / "answers/text.py").write_text("def name_of(path):\n    return path.name\n")
    with served(application(tmp_path / "tuned", None)) as client:
        assert json.loads(client.predict([]).body) == {"model": "tuned"}
    (code / "app.py").write_text("def build_app(directory):\n    raise ValueError('no weights')\n")
    with pytest.raises(ArtifactError, match="build_app cannot load the model: ValueError: no we"):
        application(tmp_path / "tuned", None)


def test_curl_without_a_sample_pings() -> None:
    assert curl("http://127.0.0.1:1", None) == "curl -i http://127.0.0.1:1/ping"


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match="port 70000 cannot be used"), listen(70000):
        pass


def test_the_socket_is_closed_after_a_refusal() -> None:
    with listen(0) as first:
        port = first.getsockname()[1]
    with listen(port) as again:
        assert isinstance(again, socket.socket)
