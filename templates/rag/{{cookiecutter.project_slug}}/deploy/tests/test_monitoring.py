"""The monitoring job: what it is started with, what it may do, and who hears when it fails."""

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from pydantic import ValidationError
from stage_example import NOTHING, PACKAGE_URI, stage_config, synthesized
from template_reading import found

from components.settings import load_settings

ENDPOINT = load_settings().endpoint_name("prod")
MONITORING = {
    "schedule": "cron(0 6 ? * MON *)",
    "instance_type": "ml.m5.large",
    "volume_gb": 30,
    "max_runtime_minutes": 60,
    "image_tag": "1.9-0-cpu-py3",
}
VPC = {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}
PREFIX = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9])*-mon")
Template = dict[str, Any]


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesized({"monitoring": MONITORING})


def resolved(value: Any) -> Any:
    """A value of a template as it may turn out: references become names."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(resolved(parts))
    if "Ref" in value:
        known = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
        return known.get(value["Ref"], value["Ref"].lower())
    if "Fn::GetAtt" in value:
        name, attribute = value["Fn::GetAtt"]
        kind = "iam::111122223333:role/" if "Role" in name else "x:eu-west-1:111122223333:"
        return f"arn:aws:{kind}{name}" if attribute == "Arn" else f"{name}.{attribute}"
    return {key: resolved(each) for key, each in value.items()}


def schedule(template: Template) -> dict[str, Any]:
    (one,) = found(template, "::Scheduler::Schedule")
    return dict(resolved(one))


def request(template: Template) -> dict[str, Any]:
    """The request of CreateProcessingJob, as the scheduler sends it the first time."""
    text = schedule(template)["Target"]["Input"]
    text = text.replace("<aws.scheduler.execution-id>", "0" * 8 + "-0000-0000-0000-" + "0" * 12)
    return dict(json.loads(text.replace("<aws.scheduler.scheduled-time>", "2026-03-02T06:00:00Z")))


def statements(template: Template, sid: str) -> list[dict[str, Any]]:
    """The statements of a name, in the policies of roles, of the key and of the topic."""
    policies = [
        properties[name]
        for properties in (each["Properties"] for each in template["Resources"].values())
        for name in ("PolicyDocument", "KeyPolicy")
        if name in properties
    ]
    return [
        dict(resolved(each))
        for policy in policies
        for each in policy["Statement"]
        if each.get("Sid") == sid
    ]


def test_the_request_is_one_that_sagemaker_takes(template: Template) -> None:
    given = request(template)
    # Not a client's model: making one looks for credentials, on the network too.
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model("CreateProcessingJob").input_shape
    report = ParamValidator().validate(given, shape)
    assert not report.has_errors(), report.generate_report()
    assert schedule(template)["Target"]["Arn"] == (
        "arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob"
    )
    assert given["AppSpecification"]["ImageUri"] == (
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    )
    assert given["StoppingCondition"] == {"MaxRuntimeInSeconds": 3600}
    assert schedule(template)["ScheduleExpression"] == MONITORING["schedule"]


def test_each_job_has_a_name_of_its_own_that_fits(template: Template) -> None:
    name = request(template)["ProcessingJobName"]
    assert len(name) <= 63 and re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)
    assert "<aws.scheduler.execution-id>" in schedule(template)["Target"]["Input"]


def test_the_job_runs_the_deployed_package_s_own_code(template: Template) -> None:
    given = request(template)
    (package,) = given["ProcessingInputs"]
    assert package["S3Input"]["S3Uri"] == f"{PACKAGE_URI}/"
    *_, command, _ = given["AppSpecification"]["ContainerEntrypoint"]
    folder = package["S3Input"]["LocalPath"]
    assert command.startswith(f"cd {folder}/code && python3 -m pip install")
    assert command.endswith('exec python3 -m source.monitor "$@"')
    arguments = given["AppSpecification"]["ContainerArguments"]
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert options["--package"] == folder and options["--until"] == "2026-03-02T06:00:00Z"
    assert options["--capture"].endswith(f"/{ENDPOINT}")
    uri = resolved(template["Outputs"]["MonitoringUri"]["Value"])
    assert options["--report"] == uri and uri.endswith(f"/monitoring/{ENDPOINT}")


def test_an_image_of_one_s_own_installs_nothing() -> None:
    changes = {"monitoring": MONITORING | {"image_tag": "7"}, "container.repository": "answers"}
    changes["container.account"] = "444455556666"
    given = request(synthesized(changes))["AppSpecification"]
    assert given["ImageUri"].startswith("444455556666.") and given["ImageUri"].endswith("answers:7")
    assert "pip" not in given["ContainerEntrypoint"][2]


def test_the_job_may_read_what_was_captured_and_write_reports_only(template: Template) -> None:
    (read,) = statements(template, "ReadCapturedData")
    (write,) = statements(template, "WriteReports")
    assert read["Action"] == "s3:GetObject" and read["Resource"].endswith(f"/{ENDPOINT}/*")
    assert write["Action"] == "s3:PutObject"
    assert write["Resource"].endswith(f"/monitoring/{ENDPOINT}/*")
    (find,) = statements(template, "FindCapturedData")
    assert find["Condition"] == {"StringLike": {"s3:prefix": f"{ENDPOINT}/*"}}
    roles = [each for each in found(template, "::Role") if "monitoring" in each["Description"]]
    assert len(roles) == 2, "one runs the job, one starts it"
    assert not statements(template, "EmbedQuestions")


def test_what_starts_jobs_may_do_nothing_else(template: Template) -> None:
    (start,) = statements(template, "StartJobs")
    assert set(start["Action"]) == {"sagemaker:CreateProcessingJob", "sagemaker:AddTags"}
    name = request(template)["ProcessingJobName"]
    prefix = start["Resource"].partition(":processing-job/")[2].removesuffix("*")
    assert prefix.endswith("-mon-") and name.startswith(prefix)
    (handed,) = statements(template, "PassTheJobsRole")
    assert handed["Resource"] == request(template)["RoleArn"]
    assert handed["Condition"] == {
        "StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}
    }
    (starter,) = (
        each for each in found(template, "::Role") if each["Description"].startswith("Starts")
    )
    (trusted,) = resolved(starter)["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Condition"]["StringEquals"]["aws:SourceArn"].endswith(prefix.rstrip("-"))


def matches(pattern: dict[str, list[Any]], detail: dict[str, str]) -> bool:
    """Whether an event's detail fits a rule, with the operators that our rules have."""
    for key, allowed in pattern.items():
        (one,) = allowed
        if isinstance(one, str):
            fits = detail.get(key) == one
        elif "prefix" in one:
            fits = detail.get(key, "").startswith(one["prefix"])
        else:
            fits = (key in detail) is one["exists"]
        if not fits:
            return False
    return True


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"ExitMessage": 'refused: "80%"', "FailureReason": "AlgorithmError"}, 'refused: "80%"'),
        ({"FailureReason": "CapacityError"}, "CapacityError"),
    ],
)
def test_a_failed_job_is_announced_once_with_its_reason(
    template: Template, told: dict[str, str], reason: str
) -> None:
    name = request(template)["ProcessingJobName"]
    failed = {"ProcessingJobName": name, "ProcessingJobStatus": "Failed"} | told
    rules = [resolved(each) for each in found(template, "::Events::Rule")]
    for other in ({"ProcessingJobStatus": "Completed"}, {"ProcessingJobName": f"x{name}"}):
        detail = failed | other
        assert not any(matches(each["EventPattern"]["detail"], detail) for each in rules)
    (rule,) = (each for each in rules if matches(each["EventPattern"]["detail"], failed))
    assert rule["EventPattern"]["detail-type"] == ["SageMaker Processing Job State Change"]
    (target,) = rule["Targets"]
    said = target["InputTransformer"]["InputTemplate"]
    for variable, path in target["InputTransformer"]["InputPathsMap"].items():
        # EventBridge puts values into the template as JSON.
        said = said.replace(f"<{variable}>", json.dumps(failed[path.removeprefix("$.detail.")]))
    assert json.loads(said) == {"endpoint": ENDPOINT, "job": name, "reason": reason}


def test_events_may_reach_the_encrypted_topic(template: Template) -> None:
    targets = [each["Targets"] for each in map(resolved, found(template, "::Events::Rule"))]
    (publish,) = statements(template, "FailedMonitoringJobs")
    assert publish["Principal"] == {"Service": "events.amazonaws.com"}
    assert {one["Arn"] for each in targets for one in each} == {publish["Resource"]}
    (use_key,) = statements(template, "EventsPublishToTheEncryptedTopic")
    assert use_key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_a_job_that_does_not_start_is_announced(template: Template) -> None:
    (alarm,) = (
        resolved(each)
        for each in found(template, "::Alarm")
        if each["AlarmName"] == f"{ENDPOINT}-monitoring-not-started"
    )
    (dimension,) = alarm["Dimensions"]
    (group,) = (
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Scheduler::ScheduleGroup"
    )
    assert dimension == {"Name": "ScheduleGroup", "Value": group.lower()}
    assert alarm["Threshold"] == 0 and len(alarm["AlarmActions"]) == 1


def test_an_encoder_on_bedrock_may_be_asked_and_nothing_else() -> None:
    models = NOTHING | {"embedding": {"id": "amazon.titan-embed-text-v2:0"}}
    template = synthesized({"monitoring": MONITORING, "models": models})
    asked = statements(template, "EmbedQuestions")
    assert len(asked) == 2, "the endpoint and the job"
    assert asked[0] == asked[1] and asked[0]["Action"] == "bedrock:InvokeModel"


def test_the_job_runs_in_the_endpoint_s_network() -> None:
    template = synthesized({"monitoring": MONITORING, "endpoint.vpc": VPC})
    network = request(template)["NetworkConfig"]["VpcConfig"]
    assert network == {"Subnets": VPC["subnet_ids"], "SecurityGroupIds": VPC["security_group_ids"]}
    assert len(statements(template, "AttachToVpc")) == 2


def test_without_the_section_there_is_nothing_of_it() -> None:
    template = synthesized()
    assert not found(template, "::Schedule") and "MonitoringUri" not in template["Outputs"]
    assert not statements(template, "EventsPublishToTheEncryptedTopic")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data_capture.enabled": False}, "monitoring is set but data_capture.enabled is false"),
        ({"monitoring.schedule": "every monday"}, "monitoring.schedule"),
        ({"monitoring.instance_type": "m5.large"}, "monitoring.instance_type"),
        ({"monitoring.max_runtime_minutes": 1}, "monitoring.max_runtime_minutes"),
        ({"monitoring.image_tag": "a tag"}, "monitoring.image_tag"),
    ],
)
def test_a_section_that_cannot_work_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        stage_config({"monitoring": dict(MONITORING)} | changes)
    places = [".".join(map(str, each["loc"])) + each["msg"] for each in error.value.errors()]
    assert any(said in place for place in places)
