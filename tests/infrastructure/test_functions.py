"""The functions and the state machine: how they run, and exactly what their roles may do."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, run

from generator.infrastructure.configuration import read_configuration
from generator.infrastructure.functions import APPROVAL, DELETION, RESERVED, SEEDING
from generator.infrastructure.state_machine import failure_machine, state_machine
from infrastructure.templates import Template, resolved

pytestmark = pytest.mark.xdist_group("infrastructure")

SHARED = "arn:aws:{}:eu-west-1:222233334444:{}"
TOKEN = SHARED.format("secretsmanager", "secret:aiops/github-a1b2c3")
PAGER = SHARED.format("secretsmanager", "secret:aiops/pager-d4e5f6")
PUT_TRACES = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_PROJECTS = {
    "datazone:GetEnvironment",
    "datazone:GetProject",
    "datazone:GetProjectProfile",
    "datazone:ListConnections",
    "datazone:ListEnvironments",
}
READ_SECRET = {"secretsmanager:GetSecretValue"}
DECRYPT = {"kms:Decrypt"}
KEY = SHARED.format("kms", "key/1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d")
NOTE_MODELS = {
    "sagemaker:DescribeModelPackage",
    "sagemaker:DescribeModelPackageGroup",
    "sagemaker:ListTags",
    "sagemaker:UpdateModelPackage",
}
ACTIONS = {
    "aiops-describe": READ_PROJECTS,
    "aiops-seed-build": READ_PROJECTS | READ_SECRET | DECRYPT,
    "aiops-seed-deploy": READ_PROJECTS | READ_SECRET | DECRYPT,
    "aiops-deletion": READ_SECRET | DECRYPT | {"sqs:SendMessage"},
    "aiops-approval": READ_SECRET | DECRYPT | NOTE_MODELS | {"sqs:SendMessage"},
}
# Every resource with a wildcard that a role may touch, with what it may do there and why.
WILDCARDS: dict[str, tuple[set[str], str]] = {
    "*": (
        PUT_TRACES
        | READ_PROJECTS
        | {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
        | {
            f"logs:{action}"
            for action in (
                "CreateLogDelivery",
                "DeleteLogDelivery",
                "DescribeLogGroups",
                "DescribeResourcePolicies",
                "GetLogDelivery",
                "ListLogDeliveries",
                "PutResourcePolicy",
                "UpdateLogDelivery",
            )
        },
        "these actions know no resources",
    ),
    SHARED.format("sagemaker", "model-package-group/aiops-*"): (
        NOTE_MODELS,
        "one for each project",
    ),
    SHARED.format("sagemaker", "model-package/aiops-*/*"): (NOTE_MODELS, "one for each version"),
}


# Two events at the same moment must not both find that nothing was done yet.
ONCE = {"aiops-approval", "aiops-deletion"}


def functions(stacks: dict[str, Template]) -> dict[str, tuple[Template, dict[str, Any]]]:
    return {
        properties["FunctionName"]: (template, properties)
        for template in stacks.values()
        for properties in template.of_type("Lambda::Function").values()
    }


def test_each_function_is_a_real_entry_point_on_the_runtime_it_was_packed_for(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    specs = {
        f"aiops-{spec.name.replace('_', '-')}": spec for spec in (*SEEDING, APPROVAL, DELETION)
    }
    found = functions(full)
    assert set(found) == set(specs)
    for name, (_, properties) in found.items():
        module, _, attribute = properties["Handler"].rpartition(".")
        assert callable(getattr(import_module(module), attribute))
        assert properties["Runtime"] == "python3.13"
        assert properties["Architectures"] == ["arm64"]
        assert properties["ReservedConcurrentExecutions"] == specs[name].concurrency
        assert specs[name].concurrency == 1 or name not in ONCE
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["Code"]["S3Bucket"] == "cdk-hnb659fds-assets-222233334444-eu-west-1"
    assert sum(spec.concurrency for spec in specs.values()) == RESERVED == 22, "as is documented"
    for _, properties in functions(minimal).values():
        assert properties["Architectures"] == ["x86_64"]
        assert "ReservedConcurrentExecutions" not in properties, "a small account has none to give"


def test_the_state_machine_waits_longer_than_a_function_may_run(full: dict[str, Template]) -> None:
    machine = definition(full["aiops-control-plane"])
    for state, function in (
        ("Describe", "aiops-describe"),
        ("SeedBuild", "aiops-seed-build"),
        ("SeedDeploy", "aiops-seed-deploy"),
    ):
        limit = functions(full)[function][1]["Timeout"]
        assert limit < machine["States"][state]["TimeoutSeconds"] <= limit + 30
        arn = SHARED.format("lambda", f"function:{function}")
        assert machine["States"][state]["Arguments"]["FunctionName"] == arn


def test_each_function_logs_into_its_own_group_which_forgets(stacks: dict[str, Template]) -> None:
    for name, (template, properties) in functions(stacks).items():
        group = properties["LoggingConfig"]["LogGroup"]["Ref"]
        assert template.of_type("Logs::LogGroup")[group]["LogGroupName"] == f"/aws/lambda/{name}"
        for action in OWN_LOG:
            assert template.actions_of(name)[action] == [{"Fn::GetAtt": [group, "Arn"]}]
    for template in stacks.values():
        for group in template.of_type("Logs::LogGroup").values():
            assert group["RetentionInDays"] == 90


def test_each_function_has_a_role_of_its_own_that_may_no_more_than_it_needs(
    full: dict[str, Template],
) -> None:
    found = functions(full)
    assert len({template.role_of(name) for name, (template, _) in found.items()}) == len(found)
    for name, (template, _) in found.items():
        assert set(template.actions_of(name)) == ACTIONS[name] | OWN_LOG | PUT_TRACES, name
        role = template.of_type("IAM::Role")[template.role_of(name)]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_secrets_are_read_by_exact_name_and_stand_nowhere(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    readable = {
        name: template.actions_of(name).get("secretsmanager:GetSecretValue")
        for name, (template, _) in functions(full).items()
    }
    assert readable == {
        "aiops-describe": None,
        "aiops-seed-build": [TOKEN],
        "aiops-seed-deploy": [TOKEN, PAGER],
        "aiops-deletion": [TOKEN],
        "aiops-approval": [TOKEN],
    }
    # By name only: AWS adds a hyphen and six characters. Templates of one's own may be private.
    by_name = SHARED.format("secretsmanager", "secret:aiops/github-??????")
    for name, (template, _) in functions(minimal).items():
        assert template.actions_of(name)["secretsmanager:GetSecretValue"] == [by_name]
    for stacks in (full, minimal):
        for _, properties in functions(stacks).values():
            assert properties["Environment"]["Variables"] == {
                "AIOPS_CONFIG": "aiops.toml",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "POWERTOOLS_METRICS_NAMESPACE": "AIOps",
                "POWERTOOLS_SERVICE_NAME": "aiops",
            }
        for template in stacks.values():
            assert "resolve:secretsmanager" not in template.text


def test_a_key_of_ones_own_decrypts_the_named_secrets_and_nothing_else(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    for name, (template, _) in functions(full).items():
        role, readable = template.role_of(name), template.actions_of(name)
        decrypting = [
            each
            for each in template.role_statements()
            if each.owner == role and "kms:Decrypt" in each.actions
        ]
        if "secretsmanager:GetSecretValue" not in readable:
            assert decrypting == []
            continue
        (statement,) = decrypting
        assert (statement.actions, statement.resources) == (["kms:Decrypt"], [KEY])
        assert statement.content["Condition"] == {
            "StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"},
            "StringLike": {
                "kms:EncryptionContext:SecretARN": readable["secretsmanager:GetSecretValue"]
            },
        }
    for name, (template, _) in functions(minimal).items():
        assert "kms:Decrypt" not in template.actions_of(name), "AWS's own key needs no permission"


def test_wildcards_are_the_known_ones(stacks: dict[str, Template]) -> None:
    for template in stacks.values():
        for statement in template.role_statements():
            assert not [action for action in statement.actions if "*" in action]
            for resource in statement.resources:
                if "*" in json.dumps(resource):
                    actions, reason = WILDCARDS[resource]
                    assert reason and set(statement.actions) <= actions, statement


def test_the_machine_may_run_its_steps_and_tell_and_nothing_else(
    full: dict[str, Template], minimal: dict[str, Template]
) -> None:
    expected = {
        "RunSteps": (
            ["lambda:InvokeFunction"],
            [
                SHARED.format("lambda", f"function:aiops-{step}")
                for step in ("describe", "seed-build", "seed-deploy")
            ],
        ),
        "RecordSeededProjects": (
            ["events:PutEvents"],
            [SHARED.format("events", "event-bus/aiops-projects")],
        ),
        "Notify": (["sns:Publish"], [SHARED.format("sns", "ml-platform")]),
    }
    template = full["aiops-control-plane"]
    for name, allowed in (
        ("seed-project", expected),
        ("tell-failure", {"Notify": expected["Notify"]}),
    ):
        role = machine(template, name)["RoleArn"]["Fn::GetAtt"][0]
        found = {
            statement.content["Sid"]: (statement.actions, statement.resources)
            for statement in template.role_statements()
            if statement.owner == role
        }
        assert {sid: found[sid] for sid in allowed} == allowed
        assert set(found) - set(allowed) == {"DeliverLog", "Trace"}
        (trust,) = template.of_type("IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"]["ArnEquals"] == {
            "aws:SourceArn": SHARED.format("states", f"stateMachine:aiops-{name}")
        }
    # With a topic of ours there is a key, which the machines must use to write to it.
    ours = minimal["factory-control-plane"]
    (key,) = ours.of_type("KMS::Key")
    encrypting = [
        each for each in ours.role_statements() if each.content.get("Sid") == "EncryptNotifications"
    ]
    assert [each.resources for each in encrypting] == [[{"Fn::GetAtt": [key, "Arn"]}]] * 2


def test_the_machines_are_the_defined_ones_logged_and_traced(full: dict[str, Template]) -> None:
    template = full["aiops-control-plane"]
    config = read_configuration().config
    arns = {
        step.name: SHARED.format("lambda", f"function:aiops-{step.name.replace('_', '-')}")
        for step in SEEDING
    }
    arns["bus"] = SHARED.format("events", "event-bus/aiops-projects")
    arns["topic"] = SHARED.format("sns", "ml-platform")
    topic = arns["topic"]
    for name, defined in (
        ("seed-project", state_machine(arns, config.wait)),
        ("tell-failure", failure_machine(topic, config.wait)),
    ):
        assert definition(template, name) == json.loads(json.dumps(defined))
        made = machine(template, name)
        assert made["StateMachineType"] == "STANDARD", "only these can be redriven, and tell events"
        assert made["LoggingConfiguration"]["Level"] == "ALL"
        assert made["TracingConfiguration"] == {"Enabled": True}


def test_the_validator_accepts_what_is_deployed(
    stacks: dict[str, Template], tmp_path: Path
) -> None:
    written = []
    for template in stacks.values():
        for name, properties in template.of_type("StepFunctions::StateMachine").items():
            path = tmp_path / f"{name}.asl.json"
            path.write_text(resolved(properties["DefinitionString"]))
            written.append(path)
    assert len(written) == 2
    validator = CHECKOUT / "node_modules" / ".bin" / "asl-validator"
    options = [option for path in written for option in ("--json-path", path)]
    done = run("node", validator, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def machine(template: Template, name: str = "seed-project") -> dict[str, Any]:
    _, properties = template.only("StepFunctions::StateMachine", StateMachineName=f"aiops-{name}")
    return properties


def definition(template: Template, name: str = "seed-project") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(machine(template, name)["DefinitionString"])
    return found
