"""Leaves only what belongs to the chosen arrangement of repositories, and says what to do next.

cookiecutter copies every linked folder, whatever the answers: those that only another arrangement
has are named under `_layouts` in the template's `cookiecutter.json`. A folder whose only files
are for other answers is left empty, and goes too. The generator does the same.
"""

import json
import shutil
from pathlib import Path

ANSWERS = json.loads({{ cookiecutter | jsonify | tojson }})  # noqa: F821 - filled in by cookiecutter

slug, chosen = ANSWERS["project_slug"], ANSWERS["repo_layout"]
for layout, folders in ANSWERS["_layouts"].items():
    for folder in folders if layout != chosen else ():
        shutil.rmtree(Path.cwd() / folder)
for folder in Path.cwd().glob("[!.]*/[!.]*"):
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

readme = "README.md" if chosen == "monorepo" else "Each repository's README.md"
print(
    f"""
{slug}/ is ready:
  cd {slug}/build  && make run     # run the whole pipeline on this machine
  cd {slug}/deploy && make synth   # the endpoint's CloudFormation templates, offline
{readme} goes on from there.
"""
)
