"""What the generator's tests share: events, the templates, git as a person uses it, payloads."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from generator.catalog import Catalog, load
from generator.commits import CONFIG
from generator.files import PLAIN, File, Files
from generator.location import templates_folder
from generator.repositories import Seed

CHECKOUT = Path(__file__).resolve().parents[2]
EVENTS = CHECKOUT / "generator" / "events"
PROJECT = "c1d2e3f4g5h6i7"
DOMAIN = "dzd_4q7x2m9k1b3c5d"
BUILD = "acme-ml/house-prices-build"
DEPLOY = f"acme-ml/{PROJECT}-{DOMAIN}-deploy-repo"

# A command that leaves a trace when a template engine or a shell runs it.
TRACE = "injected-trace"
INJECTIONS = {
    "arithmetic": "{{ 7*7 }}",
    "statement": "{% raw %}",
    "comment": "{# x #}",
    "command": f"{{{{ cycler.__init__.__globals__.os.system('touch {TRACE}') }}}}",
    "half-open": "x {{",
    "shell": f"$(touch {TRACE})",
    "backticks": f"`touch {TRACE}`",
    "actions": "${{ secrets.TOKEN }}",
    "quote": '"; x',
    "single-quote": "'; x",
    "backslash": "x\\",
    "newline": "x\ny: z",
    "last-newline": "x\n",
    "carriage-return": "x\ry",
    "null": "x\x00y",
    "escape": "x\x1b[31m",
    "tab": "x\ty",
    "markup": "<script>x</script>",
    "very-long": "x" * 10_000,
    "look-alike": "h\N{CYRILLIC SMALL LETTER O}use",
    "full-width": "\N{FULLWIDTH LATIN SMALL LETTER X}",
    "right-to-left": "x\N{RIGHT-TO-LEFT OVERRIDE}y",
    "zero-width": "x\N{ZERO WIDTH SPACE}y",
    "other-digits": "\N{ARABIC-INDIC DIGIT ONE}",
    "empty": "",
}


def read_event(name: str = "create_project.json") -> dict[str, Any]:
    """Return an event of the project's own."""
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    return event


def changed(event: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of `event` with the member at the dotted `path` set, or removed for ...."""
    copied = copy.deepcopy(event)
    *parents, last = path.split(".")
    inner: Any = copied
    for name in parents:
        inner = inner[int(name)] if isinstance(inner, list) else inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return copied


def catalog() -> Catalog:
    """Return the collection's own templates."""
    return load(templates_folder())


def git(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run git as a person with no configuration; return what it printed."""
    done = subprocess.run(
        ["git", *[str(part) for part in command]],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(cwd),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "A person",
            "GIT_AUTHOR_EMAIL": "person@example.com",
            "GIT_COMMITTER_NAME": "A person",
            "GIT_COMMITTER_EMAIL": "person@example.com",
            **environment,
        },
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"git {command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def bare(folder: Path) -> Path:
    """Make an empty bare repository."""
    folder.mkdir(parents=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", ".", cwd=folder)
    return folder


def person_pushes(repository: Path, files: dict[str, str], branch: str = "main") -> str:
    """Commit `files` on top of `branch` of a bare repository, as a person does; return the id."""
    work = repository.parent / f".{repository.name}-work-{os.urandom(4).hex()}"
    work.mkdir()
    git("init", "--quiet", f"--initial-branch={branch}", ".", cwd=work)
    git("remote", "add", "origin", repository, cwd=work)
    if git("for-each-ref", f"refs/heads/{branch}", cwd=repository):
        git("pull", "--quiet", "origin", branch, cwd=work)
    for path, text in files.items():
        place = work / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    git("add", "--all", "--force", ".", cwd=work)
    git("commit", "--quiet", "--message", "by a person", cwd=work)
    git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", cwd=work)
    return git("rev-parse", "HEAD", cwd=work)


def content(repository: Path, path: str, branch: str = "main") -> str:
    """Return a file's content on a branch of a bare repository."""
    return git("show", f"{branch}:{path}", cwd=repository)


def paths(repository: Path, branch: str = "main") -> set[str]:
    """Return the paths of all files on a branch of a bare repository."""
    listed = git("ls-tree", "-r", "--name-only", "-z", branch, cwd=repository)
    return set(listed.split("\0")) - {""}


def history(repository: Path, branch: str = "main") -> list[str]:
    """Return the commit ids of a branch, newest first."""
    return git("rev-list", branch, cwd=repository).split()


def tree_of(folder: Path, scratch: Path) -> str:
    """Return the git tree id of all files in `folder`, ignored ones too."""
    scratch.mkdir(parents=True)
    git("init", "--quiet", "--bare", ".", cwd=scratch)
    where = {"GIT_DIR": str(scratch), "GIT_WORK_TREE": str(folder)}
    leftovers = [f":(exclude,glob)**/{name}" for name in ("__pycache__/**", "*.pyc", ".*_cache/**")]
    git("add", "--all", "--force", "--", ".", *leftovers, cwd=folder, **where)
    return git("write-tree", cwd=folder, **where)


def configuration(role: str = "build", project: str = PROJECT) -> str:
    """Return the part of a cicd-config.json by which a repository says whose it is."""
    return json.dumps({"role": role, "project": {"id": project}})


def small_seed(role: str = "build", project: str = PROJECT, **files: str) -> Seed:
    """Return what a small repository shall carry."""
    texts = {
        CONFIG: configuration(role, project),
        "README.md": "# Ours\n",
        "source/train.py": "print('train')\n",
    }
    content: Files = {path: File(PLAIN, text.encode()) for path, text in {**texts, **files}.items()}
    return Seed(
        role=role,
        name=BUILD if role == "build" else DEPLOY,
        project_id=project,
        default_branch="main",
        files=content,
        message=f"Add the {role} repository\n",
        seconds=1_795_000_000,
    )


def aiops(
    *arguments: str | Path, home: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own with an empty HOME."""
    return subprocess.run(
        [sys.executable, "-m", "generator", *[str(part) for part in arguments]],
        cwd=home,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "HOME": str(home),
            "TMPDIR": str(home.parent),
            **environment,
        },
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
