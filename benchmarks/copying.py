"""The reference's way to fill a repository: clone a source, clone, copy, commit, push, with git."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cost import Command
from benchmarks.project import plan
from benchmarks.warm import TOKEN
from generator.remotes import TOKEN_USER, git_base
from generator.repositories import seed


def fill_source(server: str, source: str, template: str) -> None:
    """Put into `source`, an empty repository, what both repositories of a project will hold.

    Each is a folder, ready to be copied: `build` and `deploy`.
    """
    (build, _) = planned = plan(template, source, "bench/unused").seeds()
    both = {f"{one.role}/{path}": file for one in planned for path, file in one.files.items()}
    content = type(build)(**{**vars(build), "name": source, "files": both})
    seed(git_base(server, lambda: TOKEN).remote(source), content)


def copying(
    server: str, source: str, roles: dict[str, str], folder: Path, *options: str
) -> list[Command]:
    """The commands that fill repositories, named by their roles; `options` are for the clone of
    the source. They need folders of their own, which are made here.
    """
    address = server.replace("://", f"://{TOKEN_USER}:{TOKEN}@")
    commands = []
    for role, name in roles.items():
        room = folder / "clones" / name
        room.mkdir(parents=True)
        work = room / "work"
        commands += [
            Command(("git", "clone", *options, f"{address}/{source}.git", "source"), room),
            Command(("git", "clone", f"{address}/{name}.git", "work"), room),
            Command(("git", "config", "user.name", "generator"), work),
            Command(("git", "config", "user.email", "generator@example.com"), work),
            Command(("cp", "-R", f"../source/{role}/.", "."), work),
            Command(("git", "add", "-A", "-f"), work),
            Command(("git", "commit", "-m", "Initial setup"), work),
            Command(("git", "push", "origin", "HEAD:main"), work),
        ]
    return commands
