"""Our own rules for workflows, on every rendered workflow; and proof that each rule can fail."""

from __future__ import annotations

import pytest
from conftest import Render, template_names

from workflows.act import HERE
from workflows.places import READ_WHERE_THERE, workflow_files
from workflows.policy import ACTIONS, USES, Workflow, breaches, steps

CHECKOUT_PIN = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
READ = "      contents: read # to check out the code\n"

# file, what stands there, what somebody might write instead, what the rules say to it
MISTAKES = [
    ("build/checks.yml", "  pull_request:\n", "  pull_request_target:\n", "repository's rights"),
    ("build/checks.yml", "  pull_request:\n", "  workflow_run:\n", "repository's rights"),
    ("build/checks.yml", CHECKOUT_PIN, "actions/checkout@v7", "not pinned by a commit"),
    ("build/checks.yml", CHECKOUT_PIN, "actions/checkout@main # v7.0.1", "not pinned by a commit"),
    ("build/checks.yml", CHECKOUT_PIN, CHECKOUT_PIN[:50], "not pinned by a commit"),
    ("build/checks.yml", CHECKOUT_PIN, CHECKOUT_PIN.split(" ")[0], "no comment with its version"),
    ("build/checks.yml", "# v7.0.1", "# v6.0.0", "no comment with its version"),
    ("build/checks.yml", "3d3c42e5", "4d3c42e5", "the table says"),
    ("build/checks.yml", "actions/upload-artifact@", "someone/upload@", "not in the table"),
    ("build/checks.yml", "permissions: {}", "permissions: write-all", "permissions: {}"),
    ("build/checks.yml", "permissions: {}\n", "", "permissions: {}"),
    ("build/checks.yml", READ, READ + "      id-token: write\n", "way to credentials"),
    ("build/checks.yml", READ, "      contents: write\n", "may write contents"),
    ("build/checks.yml", "    timeout-minutes: 30\n", "", "no timeout"),
    ("build/checks.yml", "    timeout-minutes: 30\n", "    environment: dev\n", "way to cred"),
    ("build/checks.yml", "run: make test", "run: make test '${{ github.sha }}'", "into a script"),
    ("build/checks.yml", "        run: make test", "        run: |\n          make ${{ inputs.x }}",
     "into a script"),
    ("build/checks.yml", "persist-credentials: false", "persist-credentials: true", "the token in"),
    ("build/checks.yml", "persist-credentials: false", "fetch-depth: 1", "the token in"),
    ("build/checks.yml", "ubuntu-24.04", "ubuntu-latest", "whatever is latest"),
    ("build/checks.yml", "        run: make lint",
     "        env:\n          T: ${{ secrets.TOKEN }}\n        run: make lint", "uses a secret"),
    ("build/pipeline.yml", "    uses: ./", "    secrets: inherit\n    uses: ./", "uses a secret"),
    ("build/pipeline.yml", "    environment: dev\n", "", "outside an environment"),
    ("build/pipeline.yml", "  workflow_dispatch:\n", "  pull_request:\n  workflow_dispatch:\n",
     "way to credentials"),
    ("build/pipeline.yml", "cancel-in-progress: false", "cancel-in-progress: true", "cut off"),
    ("build/pipeline.yml", "role-to-assume: ${{ needs.plan.outputs.role }}",
     "role-to-assume: ${{ inputs.role }}", "text from outside in steps.with.role-to-assume"),
    ("deploy/deploy.yml", "aws-region: ${{ needs.plan.outputs.region }}",
     "aws-region: ${{ github.event.inputs.region }}", "text from outside in steps.with.aws-region"),
    ("deploy/deploy.yml", "      id-token: write # to ask AWS for short-lived credentials\n", "",
     "assumes a role without id-token"),
    ("deploy/deploy.yml", "    environment: ${{ inputs.stage }}\n", "", "outside an environment"),
    ("deploy/deploy.yml", "    permissions:\n      contents: read # to check out the code\n"
     "    outputs:", "    outputs:", "does not list its permissions"),
    ("deploy/checks.yml", "concurrency:", "x-concurrency:", "no concurrency group"),
]  # fmt: skip


@pytest.mark.parametrize("template", template_names())
def test_workflows_keep_the_rules(template: str, render: Render) -> None:
    files = workflow_files(render, template)
    assert set(files) == {
        "build/checks.yml", "build/pipeline.yml", "deploy/checks.yml", "deploy/deploy.yml",
        "monorepo/build-checks.yml", "monorepo/pipeline.yml", "monorepo/deploy-checks.yml",
        "monorepo/deploy.yml",
    }  # fmt: skip
    for name, file in files.items():
        assert breaches(file.read_text()) == [], name


@pytest.mark.parametrize(
    ("file", "good", "bad", "said"), MISTAKES, ids=[f"{row[0]}-{row[3]}" for row in MISTAKES]
)
def test_a_mistake_is_noticed(file: str, good: str, bad: str, said: str, render: Render) -> None:
    role, name = file.split("/")
    text = (render() / role / ".github" / "workflows" / name).read_text()
    assert good in text, "the workflow has changed: change the mistake with it"
    found = breaches(text.replace(good, bad))
    assert any(said in breach for breach in found), found


@pytest.mark.parametrize("template", template_names())
def test_every_action_in_the_table_is_used_and_has_a_stub(template: str, render: Render) -> None:
    used = set()
    for file in workflow_files(render, template).values():
        used |= {match["action"].partition("@")[0] for match in USES.finditer(file.read_text())}
    assert {name for name in used if not name.startswith("./")} == set(ACTIONS)
    stubs = {path.name for path in (HERE / "stubs").iterdir()}
    assert stubs == {name.split("/")[1] for name in ACTIONS}


def test_actions_get_only_inputs_that_they_have(render: Render) -> None:
    for file in workflow_files(render).values():
        for job in Workflow(file.read_text()).jobs.values():
            for step in steps(job):
                if "uses" in step:
                    name = step["uses"].partition("@")[0].split("/")[1]
                    stub = Workflow((HERE / "stubs" / name / "action.yml").read_text()).data
                    assert set(step.get("with", {})) <= set(stub["inputs"])


def test_findings_are_silenced_only_where_it_says_why(render: Render) -> None:
    silenced = []
    for name, file in workflow_files(render).items():
        lines = file.read_text().splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            if "zizmor: ignore[" in line:
                assert before.strip().startswith("# "), f"{name}: {line.strip()}: say why"
                silenced.append((name, line.rpartition("[")[2].strip("]")))
    assert silenced == [
        ("build/pipeline.yml", "self-repository"),
        ("monorepo/pipeline.yml", "self-repository"),
    ]


def test_a_push_builds_only_when_something_that_matters_changed(render: Render) -> None:
    file = render() / "build" / ".github" / "workflows" / "pipeline.yml"
    push = Workflow(file.read_text()).data["on"]["push"]
    assert "branches" not in push, "the default branch need not be called main"
    for path in ("source/**", "pipeline/**", "mlops/**", "config/**", "requirements*",
                 "cicd-config.json"):  # fmt: skip
        assert path in push["paths"]
    for path in push["paths"]:
        build = render(READ_WHERE_THERE.get(path, "regression")) / "build"
        folder = path.removesuffix("/**")
        configured = f"{folder}/" in (build / "config/pipeline.yaml").read_text()
        assert list(build.glob(folder)) or (path in READ_WHERE_THERE and configured), path


def test_the_approval_can_send_every_input_that_deploy_takes(render: Render) -> None:
    file = render() / "deploy" / ".github" / "workflows" / "deploy.yml"
    inputs = Workflow(file.read_text()).data["on"]["workflow_dispatch"]["inputs"]
    assert {name: given["required"] for name, given in inputs.items()} == {
        "model_package_arn": "true",
        "stage": "true",
        "model_package_group": "false",
        "version": "false",
    }
    assert inputs["stage"]["options"] == ["dev", "test", "prod"]
