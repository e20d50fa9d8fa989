"""The two arrangements of a project's files: in two repositories, or as two folders of one."""

from __future__ import annotations

from typing import Literal

Layout = Literal["separate", "monorepo"]
SEPARATE: Layout = "separate"
MONOREPO: Layout = "monorepo"
LAYOUTS: tuple[Layout, ...] = (SEPARATE, MONOREPO)
# The question by which a template offers them; one that does not ask it has separate ones.
QUESTION = "repo_layout"

BUILD, DEPLOY = "build", "deploy"
ROLES = (BUILD, DEPLOY)
# The role of a repository that is both.
PROJECT = "project"
