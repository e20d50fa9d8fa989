"""Refuses answers that break the template's rules before any file is written.

The rules stand in each template's `cookiecutter.json` under `_rules`; the generator applies the
same ones. Standard library only: this runs with whatever Python runs cookiecutter.
"""

import json
import re
import sys

ANSWERS = json.loads({{ cookiecutter | jsonify | tojson }})  # noqa: F821 - filled in by cookiecutter


def problems(answers: dict) -> list:
    """Return one sentence for each answer that its rule refuses."""
    found = []
    for question, rule in answers["_rules"].items():
        value = answers[question]
        if not isinstance(value, str) or not re.fullmatch(rule["pattern"], value):
            shown = ascii(value)
            shown = shown if len(shown) <= 80 else shown[:77] + "..."
            found.append(f"{question} = {shown}: {rule['error']}")
    return found


found = problems(ANSWERS)
if found:
    print("Nothing was written. Please correct:", file=sys.stderr)
    for problem in found:
        print(f"  - {problem}", file=sys.stderr)
    sys.exit(1)
