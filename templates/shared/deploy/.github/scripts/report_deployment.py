"""Writes the end of the job's summary: what runs on the stage now, and what a person must do.

Reads the environment: STAGE, MODEL_PACKAGE_ARN, PREVIOUS (an ARN or nothing) and the outcomes
(success, failure, cancelled, skipped or nothing) DEPLOY, SMOKE, ROLLBACK and SMOKE_PREVIOUS.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def verdict(environment: Mapping[str, str]) -> str:
    """One or two sentences about the state of the endpoint."""
    outcome = {name: environment.get(name, "") for name in ("DEPLOY", "SMOKE", "ROLLBACK")}
    stage, previous = environment["STAGE"], environment.get("PREVIOUS", "")
    package = environment["MODEL_PACKAGE_ARN"]
    if outcome["DEPLOY"] in ("", "skipped"):
        return f"Nothing was deployed: {stage} is as it was."
    if outcome["DEPLOY"] != "success":
        return (
            "The deployment did not succeed. A failed update is taken back without help, and one "
            "that only outlasted its step goes on: the last lines of the step Deploy and the "
            f"stack's events in the {stage} account say which it is."
        )
    if outcome["SMOKE"] == "success":
        return f"{stage} serves the new package, and it passed the smoke test."
    if outcome["SMOKE"] != "failure":
        return (
            f"The smoke test was interrupted: {stage} has the new package, untested. "
            "Start this workflow again with the package that should run."
        )
    if not previous or previous == package:
        return (
            f"The smoke test failed and there is no earlier package to return to: {stage} still "
            "has the one that failed. Deploy a good one, or delete the stack."
        )
    if outcome["ROLLBACK"] == "success" and environment.get("SMOKE_PREVIOUS") == "success":
        return (
            f"The smoke test failed. The previous package was deployed again and passed it: "
            f"{stage} serves what it served before."
        )
    if outcome["ROLLBACK"] == "success":
        return (
            "The smoke test failed, the previous package was deployed again, and fails it too: "
            f"look at the endpoint of {stage} now; the cause may not be the model."
        )
    return (
        "The smoke test failed and the previous package could not be deployed again: "
        f"{stage} may serve a bad model. Act now."
    )


def report(environment: Mapping[str, str]) -> str:
    """The section as Markdown."""
    rows = [
        ("Model package", f"`{environment['MODEL_PACKAGE_ARN']}`"),
        ("Before", f"`{environment['PREVIOUS']}`" if environment.get("PREVIOUS") else "nothing"),
    ] + [
        (title, environment.get(name) or "skipped")
        for title, name in (
            ("Deployment", "DEPLOY"),
            ("Smoke test", "SMOKE"),
            ("Previous package deployed again", "ROLLBACK"),
            ("Smoke test of the previous package", "SMOKE_PREVIOUS"),
        )
    ]
    table = "\n".join(f"| {title} | {value} |" for title, value in rows)
    heading = f"### {environment['STAGE']}\n\n{verdict(environment)}\n"
    return f"{heading}\n| | |\n| --- | --- |\n{table}\n"


if __name__ == "__main__":
    text = report(os.environ)
    print(text)
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
        file.write(text)
