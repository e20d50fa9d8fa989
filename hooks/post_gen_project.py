"""Says what to do next, once both repositories are written."""

import json

SLUG = json.loads({{ cookiecutter.project_slug | jsonify | tojson }})  # noqa: F821 - filled in by cookiecutter

print(
    f"""
{SLUG}/ is ready:
  cd {SLUG}/build  && make run     # prepare, train, evaluate, gate and register on this machine
  cd {SLUG}/deploy && make synth   # the endpoint's CloudFormation templates, offline
Each repository's README.md goes on from there.
"""
)
