"""The zip of the functions: what is in it, that it runs, that it is always the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import CHECKOUT, TEMPLATES, run

from generator.files import EXECUTABLE, read_all
from generator.infrastructure.configuration import read_configuration
from generator.infrastructure.package import Package
from generator.infrastructure.packaging import requirements
from generator.infrastructure.packaging.archive import write_archive
from generator.infrastructure.packaging.bytecode import (
    CompilationFailed,
    compile_all,
)
from generator.infrastructure.packaging.platforms import Architecture
from infrastructure.environment import FunctionsPython, functions_python

pytestmark = pytest.mark.xdist_group("infrastructure")

INSIDE = "generator/templates/"


@pytest.fixture(scope="session")
def archive(package: Package) -> zipfile.ZipFile:
    return zipfile.ZipFile(package.path)


@pytest.fixture(scope="session")
def unpacked(archive: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As Lambda lays it out: a folder that cannot be written to."""
    folder = tmp_path_factory.mktemp("task")
    for entry in archive.infolist():
        path = Path(archive.extract(entry, folder))
        path.chmod((entry.external_attr >> 16) & 0o777)
    return folder


def test_it_is_small_enough(package: Package) -> None:
    assert 1_000_000 < package.size < 20_000_000
    assert package.size == package.path.stat().st_size


def test_the_templates_are_in_it_file_by_file_with_their_modes(archive: zipfile.ZipFile) -> None:
    originals = read_all(TEMPLATES)
    entries = {
        entry.filename.removeprefix(INSIDE): entry
        for entry in archive.infolist()
        if entry.filename.startswith(INSIDE)
    }
    assert set(entries) == set(originals)
    for path, file in originals.items():
        assert archive.read(entries[path]) == file.content, path
        mode = entries[path].external_attr >> 16
        assert mode == (0o100755 if file.mode == EXECUTABLE else 0o100644), path


def test_our_code_and_configuration_are_in_it_and_nothing_for_a_checkout(
    archive: zipfile.ZipFile,
) -> None:
    names = archive.namelist()
    assert archive.read("aiops.toml") == read_configuration().content
    for module in ("handlers/describe.py", "control/seeding.py", "github/tokens.py", "render.py"):
        original = CHECKOUT / "generator" / module
        assert archive.read(f"generator/{module}") == original.read_bytes()
    for folder in ("standins", "demo", "doctor", "infrastructure"):
        assert not [name for name in names if name.startswith(f"generator/{folder}/")]
    assert not [name for name in names if name.startswith(("tests/", "bin/"))]
    assert not [name for name in names if name.endswith((".pyi", "/RECORD", "/INSTALLER"))]


def test_entries_are_sorted_and_dated_the_same(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    assert names == sorted(set(names))
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_module_is_compiled_for_the_python_that_runs_it_and_no_template_is(
    archive: zipfile.ZipFile, python: FunctionsPython
) -> None:
    names = set(archive.namelist())
    compiled = {name for name in names if name.endswith(".pyc")}
    assert not [name for name in compiled if name.startswith(INSIDE)]
    modules = {name for name in names if name.endswith(".py") and not name.startswith(INSIDE)}
    assert len(compiled) == len(modules)
    pyc = archive.read(f"generator/handlers/__pycache__/describe.{python.tag}.pyc")
    # The flags of an unchecked hash: PEP 552.
    assert int.from_bytes(pyc[4:8], "little") == 0b01
    assert b"/var/task/generator/handlers/describe.py" in pyc


def test_a_fresh_interpreter_imports_every_entry_point_from_it(
    unpacked: Path, python: FunctionsPython
) -> None:
    """What Lambda does first, within the budget of a cold start."""
    script = (
        "import importlib, json, resource, sys, time\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "before, start = peak(), time.process_time()\n"
        "entries = [importlib.import_module(f'generator.handlers.{name}').handler for name in\n"
        "    ('describe', 'seed_build', 'seed_deploy', 'approval', 'deletion')]\n"
        "spent = {'seconds': time.process_time() - start, 'mib': peak() - before}\n"
        "import cookiecutter, dulwich, generator, nacl, jwt, botocore.session\n"
        "session = botocore.session.get_session()\n"
        "for service in ('datazone', 'sagemaker', 'secretsmanager'):\n"
        "    session.create_client(service, region_name='eu-west-1')\n"
        "from generator.location import templates_folder\n"
        "from generator.catalog import load\n"
        "from generator.render import render\n"
        "found = load(templates_folder()).named('regression')\n"
        "files = render(found, {}).repositories\n"
        "print(json.dumps(spent | {'callable': all(map(callable, entries)),\n"
        "    'from': generator.__file__, 'files': {k: len(v) for k, v in files.items()}}))\n"
    )
    # Like Lambda's: nothing of this environment, and the unpacked folder first on the path.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(unpacked), "HOME": "/nowhere"}
    done = subprocess.run(
        [python.path, "-s", "-c", script],
        cwd=unpacked,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["callable"] and told["from"] == str(unpacked / "generator" / "__init__.py")
    assert told["files"]["build"] > 20 and told["files"]["deploy"] > 20
    assert told["seconds"] <= 1.0, "the budget of a cold import, in CPU seconds"
    assert told["mib"] <= 64


def test_without_the_runtimes_python_the_one_at_hand_is_tested_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Never skipped: a zip that nobody has imported is no zip."""
    if sys.version_info[:2] == (3, 13):
        assert functions_python() == FunctionsPython(Path(sys.executable), "3.13")
        return
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.warns(UserWarning, match=r"no Python 3\.13 on this machine: the zip"):
        found = functions_python()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found == FunctionsPython(Path(sys.executable), version)


def test_the_libraries_are_those_that_are_pinned(archive: zipfile.ZipFile) -> None:
    pinned = {
        line.split("==")[0].replace("-", "_").lower()
        for line in requirements.REQUIREMENTS.read_text().splitlines()
        if "sys_platform == 'win32'" not in line
    }
    installed = {
        name.split("-")[0].replace("-", "_").lower()
        for name in archive.namelist()
        if name.endswith(".dist-info/METADATA")
    }
    assert installed == pinned
    assert not [
        line for line in requirements.REQUIREMENTS.read_text().splitlines() if "==" not in line
    ]


def test_pins_of_the_functions_and_of_the_checkout_agree() -> None:
    """What is tested here is what runs there."""
    ours = dict(line.split("==", 1) for line in lines(CHECKOUT / "requirements.in"))
    theirs = dict(
        line.split("==", 1) for line in lines(requirements.REQUIREMENTS.with_suffix(".in"))
    )
    assert {"botocore", "cookiecutter", "dulwich", "pynacl", "urllib3"} <= set(ours) & set(theirs)
    for name in set(ours) & set(theirs):
        assert ours[name] == theirs[name], name


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if "==" in line and line[0] != "#"]


def test_every_service_that_is_called_is_described(archive: zipfile.ZipFile) -> None:
    described = {
        name.split("/")[2] for name in archive.namelist() if name.startswith("botocore/data/")
    }
    assert {"datazone", "sagemaker", "secretsmanager"} <= described
    assert "ec2" not in described


def test_an_archive_depends_on_names_content_and_modes_only(tmp_path: Path) -> None:
    digests = []
    for order in (("a.txt", "b/c.txt"), ("b/c.txt", "a.txt")):
        folder = tmp_path / f"from-{order[0][0]}"
        for name in order:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"content of {name}")
            place.chmod(0o600 if order[0] == "a.txt" else 0o644)
            os.utime(place, (len(digests), len(digests)))
        write_archive(folder, tmp_path / f"{folder.name}.zip")
        digests.append((tmp_path / f"{folder.name}.zip").read_bytes())
    assert digests[0] == digests[1]
    (tmp_path / "from-a" / "a.txt").chmod(0o755)
    write_archive(tmp_path / "from-a", tmp_path / "other.zip")
    entries = {
        entry.filename: entry for entry in zipfile.ZipFile(tmp_path / "other.zip").infolist()
    }
    assert entries["a.txt"].external_attr >> 16 == 0o100755
    assert entries["b/c.txt"].external_attr >> 16 == 0o100644, "readable by Lambda's user"


def test_compiling_is_repeatable_and_spares_data(tmp_path: Path) -> None:
    """Sets that are constants have the order of their hashes, which differ between processes."""
    compiled = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        (folder / "data").mkdir(parents=True)
        (folder / "module.py").write_text(
            "def f(x):\n    return x in {'a', 'b', 'c', 'd', 'e', 'f'}\n"
        )
        (folder / "data" / "{{ template }}.py").write_text("{% this is no Python %}")
        compile_all(folder, Path(sys.executable), leaving=folder / "data")
        (pyc,) = folder.rglob("*.pyc")
        compiled.append(pyc.read_bytes())
    assert compiled[0] == compiled[1]


def test_a_module_that_is_no_python_stops_it(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def :")
    with pytest.raises(CompilationFailed, match=r"broken\.py"):
        compile_all(tmp_path, Path(sys.executable), leaving=tmp_path / "data")


def test_without_uv_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(requirements.InstallationFailed, match="make setup"):
        requirements.install(tmp_path / "into", Architecture.ARM64)
    assert not (tmp_path / "into").exists()


def test_the_command_refuses_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    done = run(
        sys.executable,
        *("-m", "generator.infrastructure.package", "--arch", "arm64"),
        *("--output", tmp_path / "dist", "--config", "mine.toml"),
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "--config 'mine.toml': there is no such file" in done.stdout
    assert not (tmp_path / "dist").exists()
