"""Where workflows stand: in two repositories, or in one whose folders are build and deploy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conftest import Render, template_names

ROLES = ("build", "deploy")
LAYOUTS = ("separate", "monorepo")
# Every repository that is rendered: of each template the two, and the one that is both.
# What a pipeline reads where there is any, and a template that has it: `data/` appears with the
# first `make data`, prompts and questions belong to what answers.
READ_WHERE_THERE = {"data/**": "regression", "prompts/**": "rag", "questions/**": "rag"}
REPOSITORIES = [(template, name) for template in template_names() for name in (*ROLES, "monorepo")]


def rendered(render: Render, layout: str, template: str = "regression") -> Path:
    """The folder of a project in the layout."""
    return render(template, **({} if layout == "separate" else {"repo_layout": layout}))


def root_of(render: Render, template: str, name: str) -> Path:
    """The root of a repository of `REPOSITORIES`."""
    if name == "monorepo":
        return rendered(render, name, template)
    return rendered(render, "separate", template) / name


def workflow_files(render: Render, template: str = "regression") -> dict[str, Path]:
    """Every workflow of every repository of a template, as repository/file."""
    return {
        f"{name}/{file.name}": file
        for other, name in REPOSITORIES
        for file in sorted((root_of(render, template, name) / ".github/workflows").iterdir())
        if other == template
    }


@dataclass(frozen=True)
class Place:
    """One role's part of a repository. folder: where its files are, empty at the root."""

    repository: Path
    role: str
    folder: str

    @property
    def root(self) -> Path:
        """The role's own folder."""
        return self.repository / self.folder

    def file(self, path: str) -> str:
        """A path in the role's folder, as it is from the root of the repository."""
        return f"{self.folder}/{path}" if self.folder else path

    def workflow(self, name: str) -> str:
        """What the role's workflow `name` is called in this repository."""
        return f"{self.role}-{name}" if self.folder and name == "checks.yml" else name
