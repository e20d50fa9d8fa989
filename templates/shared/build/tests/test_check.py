"""`mlops check` finds what SageMaker would refuse, and says where and how to put it right."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.model import Shape

from mlops.__main__ import main
from mlops.check import check_definition, service_model
from mlops.check.findings import Finding
from mlops.check.patterns import compiled, matches
from mlops.check.steptypes import STEP_TYPES

DEFINITION = Path(__file__).with_name("definition.json")
Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    """A definition as the SageMaker SDK compiles it: six steps, five of them in sequence."""
    read: Document = json.loads(DEFINITION.read_text())
    return read


def errors(document: Any) -> list[Finding]:
    return [finding for finding in check_definition(document) if finding.severity == "error"]


def test_a_compiled_definition_is_clean(document: Document) -> None:
    assert check_definition(document) == []


def step(document: Document, name: str) -> Document:
    steps = [*document["Steps"]]
    for item in steps:
        arguments = item["Arguments"]
        steps += [*arguments.get("IfSteps", []), *arguments.get("ElseSteps", [])]
        if item["Name"] == name:
            found: Document = item
            return found
    raise AssertionError(name)


def arguments(document: Document, name: str) -> Document:
    found: Document = step(document, name)["Arguments"]
    return found


def train(document: Document) -> Document:
    return arguments(document, "Train")


def prepare(document: Document) -> Document:
    return arguments(document, "Prepare")


def gate(document: Document) -> Document:
    return arguments(document, "QualityGate")


def parameter(document: Document, name: str) -> Document:
    return next(p for p in document["Parameters"] if p["Name"] == name)


def joined(*values: Any) -> Document:
    return {"Std:Join": {"On": "/", "Values": list(values)}}


# name of the defect: (how it is made, the step and the words that the finding must have)
DEFECTS: dict[str, tuple[Callable[[Document], Any], str, tuple[str, ...]]] = {
    "a required member is absent": (
        lambda d: train(d)["OutputDataConfig"].pop("S3OutputPath"),
        "Train",
        ("OutputDataConfig", "needs 'S3OutputPath'"),
    ),
    "a member does not exist": (
        lambda d: train(d)["ResourceConfig"].update(InstanceTyp="ml.m5.large"),
        "Train",
        ("no member 'InstanceTyp'", "did you mean 'InstanceType'?"),
    ),
    "a value has the wrong type": (
        lambda d: prepare(d)["ProcessingResources"]["ClusterConfig"].update(VolumeSizeInGB="30"),
        "Prepare",
        ("VolumeSizeInGB", '"30" is not of type integer'),
    ),
    "a value is not in the enumeration": (
        lambda d: prepare(d)["ProcessingInputs"][0]["S3Input"].update(S3DataType="S3Prefx"),
        "Prepare",
        ("ProcessingInputs[0].S3Input.S3DataType", '"S3Prefx"', "did you mean 'S3Prefix'?"),
    ),
    "a pattern does not match": (
        lambda d: train(d).update(RoleArn="arn:aws:iam::1234:role/pipeline-role"),
        "Train",
        ("RoleArn", "does not match", "use the role's full ARN"),
    ),
    "a number is out of range": (
        lambda d: train(d)["StoppingCondition"].update(MaxRuntimeInSeconds=0),
        "Train",
        ("MaxRuntimeInSeconds", "0 is below 1"),
    ),
    "a text is too long": (
        lambda d: train(d)["HyperParameters"].update(learning_rate="9" * 2501),
        "Train",
        ("HyperParameters.learning_rate", "2501 characters, at most 2500 allowed"),
    ),
    "a list is too long": (
        lambda d: train(d).update(Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(51)]),
        "Train",
        ("Tags", "51 elements, at most 50 allowed"),
    ),
    "a tag has a forbidden character": (
        lambda d: train(d)["Tags"][0].update(Value="sale; price"),
        "Train",
        ("Tags[0].Value", "does not match"),
    ),
    "a member is null": (
        lambda d: train(d).update(Environment=None),
        "Train",
        ("Environment", "is null", "leave the member out"),
    ),
    "a hyperparameter is a number": (
        lambda d: train(d)["HyperParameters"].update(learning_rate=0.08),
        "Train",
        ("HyperParameters.learning_rate", "0.08 is not of type string", 'write "0.08"'),
    ),
    "a number parameter stands where a text is needed": (
        lambda d: train(d)["HyperParameters"].update(max_depth={"Get": "Parameters.MaxDepth"}),
        "Train",
        ("HyperParameters.max_depth", "is of type integer, not string", ".to_string()"),
    ),
    "a parameter's default is no instance type": (
        lambda d: parameter(d, "TrainInstanceType").update(DefaultValue="ml.m5.xlarg"),
        "Train",
        ("ResourceConfig.InstanceType", '"ml.m5.xlarg"', "did you mean 'ml.m5.xlarge'?"),
    ),
    "a parameter's default has another type": (
        lambda d: parameter(d, "MetricBound").update(DefaultValue="60"),
        "",
        ("Parameters.MetricBound", 'the default "60" is not of type Float'),
    ),
    "a parameter's default is not among its choices": (
        lambda d: parameter(d, "ModelApprovalStatus").update(DefaultValue="Aproved"),
        "",
        ("Parameters.ModelApprovalStatus", '"Aproved" is not in EnumValues', "'Approved'"),
    ),
    "a parameter has an unknown type": (
        lambda d: parameter(d, "MetricBound").update(Type="Double"),
        "",
        ("Parameters.MetricBound", '"Double" is not a parameter type'),
    ),
    "two parameters have one name": (
        lambda d: d["Parameters"].append(copy.deepcopy(d["Parameters"][0])),
        "",
        ("'InputDataUri' is declared twice",),
    ),
    "a parameter is not declared": (
        lambda d: d["Parameters"].remove(parameter(d, "ChampionUri")),
        "Evaluate",
        ("S3Uri", "parameter 'ChampionUri' is not declared"),
    ),
    "an execution variable does not exist": (
        lambda d: train(d)["OutputDataConfig"].update(
            S3OutputPath=joined("s3://bucket", {"Get": "Execution.PipelineExecutionIdd"})
        ),
        "Train",
        ("no Execution.PipelineExecutionIdd", "did you mean 'PipelineExecutionId'?"),
    ),
    "a reference to a step that does not exist": (
        lambda d: train(d)["InputDataConfig"][0]["DataSource"]["S3DataSource"].update(
            S3Uri={"Get": "Steps.Prepair.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
        ),
        "Train",
        ("no step 'Prepair'", "did you mean 'Prepare'?"),
    ),
    "a reference to an output that does not exist": (
        lambda d: train(d)["InputDataConfig"][0]["DataSource"]["S3DataSource"].update(
            S3Uri={"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['trian'].S3Output.S3Uri"}
        ),
        "Train",
        ("no ProcessingOutput named 'trian'", "did you mean 'train'?"),
    ),
    "a reference to a property that does not exist": (
        lambda d: arguments(d, "Evaluate")["ProcessingInputs"][0]["S3Input"].update(
            S3Uri={"Get": "Steps.Train.ModelArtifacts.S3ModelArtifact"}
        ),
        "Evaluate",
        ("no property 'S3ModelArtifact'", "did you mean 'S3ModelArtifacts'?"),
    ),
    "a reference to a whole structure": (
        lambda d: arguments(d, "Evaluate")["ProcessingInputs"][0]["S3Input"].update(
            S3Uri={"Get": "Steps.Train.ModelArtifacts"}
        ),
        "Evaluate",
        ("is of type structure, not string", "refer to one of its values"),
    ),
    "a reference that cannot be read": (
        lambda d: train(d).update(RoleArn={"Get": "Parameter.Role"}),
        "Train",
        ("RoleArn", "is none of Parameters.<name>"),
    ),
    "a reference into a branch from outside": (
        lambda d: train(d)["Environment"].update(
            MODEL={"Get": "Steps.RegisterModel.ModelPackageArn"}
        ),
        "Train",
        ("'RegisterModel' runs only in IfSteps of 'QualityGate'",),
    ),
    "a join without values": (
        lambda d: train(d)["OutputDataConfig"].update(S3OutputPath={"Std:Join": {"On": "/"}}),
        "Train",
        ("S3OutputPath", "Std:Join needs Values"),
    ),
    "a join that gives no address": (
        lambda d: train(d)["OutputDataConfig"].update(
            S3OutputPath=joined("bucket", {"Get": "Execution.PipelineExecutionId"})
        ),
        "Train",
        ('"bucket/abcdefghijkl" does not match', "use s3://bucket/key"),
    ),
    "a property file that no step declares": (
        lambda d: gate(d)["Conditions"][0]["LeftValue"]["Std:JsonGet"].update(
            PropertyFile={"Get": "Steps.Evaluate.PropertyFiles.Report"}
        ),
        "QualityGate",
        ("declares no property file 'Report'", "EvaluationReport"),
    ),
    "a property file that is only named": (
        lambda d: gate(d)["Conditions"][0]["LeftValue"]["Std:JsonGet"].update(
            PropertyFile="EvaluationReport"
        ),
        "QualityGate",
        ('"EvaluationReport" is not a property file', "Steps.<step>.PropertyFiles.<name>"),
    ),
    "a property file in an output that does not exist": (
        lambda d: step(d, "Evaluate")["PropertyFiles"][0].update(OutputName="evaluations"),
        "Evaluate",
        ("PropertyFiles[0]", 'no output "evaluations"', "did you mean 'evaluation'?"),
    ),
    "a property file outside its output": (
        lambda d: step(d, "Evaluate")["PropertyFiles"][0].update(FilePath="/evaluation.json"),
        "Evaluate",
        ("PropertyFiles[0]", "is not a path inside the output"),
    ),
    "a JSON path that cannot be read": (
        lambda d: gate(d)["Conditions"][0]["LeftValue"]["Std:JsonGet"].update(Path="gate['x"),
        "QualityGate",
        ("LeftValue.Path", "cannot be read"),
    ),
    "two steps have one name": (
        lambda d: step(d, "Evaluate").update(Name="Train"),
        "Train",
        ("two steps are named 'Train'",),
    ),
    "a step has no proper name": (
        lambda d: step(d, "Evaluate").update(Name="Evaluate model"),
        "",
        ("Steps[2]", '"Evaluate model" is not a step name'),
    ),
    "a step has an unknown type": (
        lambda d: step(d, "Train").update(Type="Trainning"),
        "Train",
        ('"Trainning" is not a type of step', "did you mean 'Training'?"),
    ),
    "a step has an unknown member": (
        lambda d: step(d, "Train").update(DependOn=["Prepare"]),
        "Train",
        ("no member 'DependOn'", "did you mean 'DependsOn'?"),
    ),
    "a dependency does not exist": (
        lambda d: step(d, "Train").update(DependsOn=["Prepear"]),
        "Train",
        ("DependsOn[0]", 'no step "Prepear"', "did you mean 'Prepare'?"),
    ),
    "steps wait for each other": (
        lambda d: step(d, "Prepare").update(DependsOn=["Evaluate"]),
        "Prepare",
        ("Prepare → Evaluate → Prepare",),
    ),
    "a condition has an unknown type": (
        lambda d: gate(d)["Conditions"][0].update(Type="LessOrEqual"),
        "QualityGate",
        ('"LessOrEqual" is not a type of condition', "did you mean 'LessThanOrEqualTo'?"),
    ),
    "a condition compares a number with a text": (
        lambda d: gate(d)["Conditions"][0].update(
            LeftValue={"Get": "Parameters.MetricBound"}, RightValue="60"
        ),
        "QualityGate",
        ("Conditions[0]", "compares float with string"),
    ),
    "a condition has one side only": (
        lambda d: gate(d)["Conditions"][1].pop("RightValue"),
        "QualityGate",
        ("Conditions[1].RightValue", "cannot be compared"),
    ),
    "a condition leads nowhere": (
        lambda d: gate(d).update(IfSteps=[], ElseSteps=[]),
        "QualityGate",
        ("neither IfSteps nor ElseSteps has a step",),
    ),
    "a failure without a message": (
        lambda d: arguments(d, "QualityGateFailed").update(ErrorMessage=""),
        "QualityGateFailed",
        ("ErrorMessage", "is not a message"),
    ),
    "two channels have one name": (
        lambda d: train(d)["InputDataConfig"][1].update(ChannelName="train"),
        "Train",
        ("ChannelName 'train' is used 2 times",),
    ),
    "two inputs land in one place": (
        lambda d: prepare(d)["ProcessingInputs"][1]["S3Input"].update(
            LocalPath="/opt/ml/processing/input/data/"
        ),
        "Prepare",
        ("LocalPath '/opt/ml/processing/input/data' is used 2 times",),
    ),
    "an input lands where processing jobs cannot write": (
        lambda d: prepare(d)["ProcessingInputs"][0]["S3Input"].update(LocalPath="/data"),
        "Prepare",
        ('"/data" is not below /opt/ml/processing',),
    ),
    "an input without a source": (
        lambda d: prepare(d)["ProcessingInputs"][0].pop("S3Input"),
        "Prepare",
        ("ProcessingInputs[0]", "either S3Input or DatasetDefinition"),
    ),
    "a cache that expires after no duration": (
        lambda d: step(d, "Train")["CacheConfig"].update(ExpireAfter="30 days"),
        "Train",
        ("CacheConfig.ExpireAfter", '"30 days" is not an ISO 8601 duration'),
    ),
    "a cache on a step that cannot have one": (
        lambda d: step(d, "RegisterModel").update(CacheConfig={"Enabled": True}),
        "RegisterModel",
        ("a RegisterModel step cannot be cached",),
    ),
    "an address that a cache hit leaves empty": (
        lambda d: arguments(d, "RegisterModel")["ModelMetrics"]["ModelQuality"][
            "Statistics"
        ].update(
            S3Uri=joined(
                arguments(d, "Evaluate")["ProcessingOutputConfig"]["Outputs"][0]["S3Output"][
                    "S3Uri"
                ],
                "evaluation.json",
            )
        ),
        "RegisterModel",
        ("spells out where 'Evaluate' writes", "refer to the property of step 'Evaluate'"),
    ),
    "a retry of what cannot be retried": (
        lambda d: step(d, "RegisterModel")["RetryPolicies"][0].update(
            ExceptionType=["SageMaker.CAPACITY_ERROR"]
        ),
        "RegisterModel",
        ('"SageMaker.CAPACITY_ERROR" cannot be retried on a RegisterModel step',),
    ),
    "a retry that ends twice": (
        lambda d: step(d, "Train")["RetryPolicies"][0].update(ExpireAfterMin=10),
        "Train",
        ("RetryPolicies[0]", "exactly one of them"),
    ),
    "more retries than allowed": (
        lambda d: step(d, "Train")["RetryPolicies"][0].update(MaxAttempts=21),
        "Train",
        ("RetryPolicies[0].MaxAttempts", "21 is not a number from 1 to 20"),
    ),
    "an unknown version": (
        lambda d: d.update(Version="2021-01-01"),
        "",
        ("Version", "2020-12-01"),
    ),
    "an unknown member at the top": (
        lambda d: d.update(Parameter=[]),
        "",
        ("no member 'Parameter'", "did you mean 'Parameters'?"),
    ),
    "no steps": (lambda d: d.update(Steps=[]), "", ("Steps", "is not a list of steps")),
    "more than SageMaker takes": (
        lambda d: d["Metadata"].update(notes="x" * 1_100_000),
        "",
        ("characters, SageMaker takes 1048576",),
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found(defect: str, document: Document) -> None:
    spoil, name, words = DEFECTS[defect]
    spoil(document)
    found = [finding for finding in errors(document) if finding.step == name]
    assert any(all(word in str(finding) for word in words) for finding in found), "\n".join(
        map(str, check_definition(document))
    )


def test_each_defect_is_reported_once(document: Document) -> None:
    parameter(document, "MetricBound")["DefaultValue"] = "60"
    train(document)["RoleArn"] = "me"
    assert len(errors(document)) == 1  # the frame comes first: steps are read when it is sound
    parameter(document, "MetricBound")["DefaultValue"] = 60
    assert [finding.path for finding in errors(document)] == [
        "Arguments.RoleArn",  # too short
        "Arguments.RoleArn",  # and not an ARN
    ]


@pytest.mark.parametrize("value", [None, [], "definition", 3, {"Steps": [{"Name": 3}]}])
def test_what_is_no_definition_is_refused_not_crashed_on(value: Any) -> None:
    assert errors(value)


def test_an_execution_id_in_a_cached_step_is_noticed(document: Document) -> None:
    train(document)["Environment"]["RUN"] = {"Get": "Execution.PipelineExecutionId"}
    (finding,) = check_definition(document)
    assert finding.severity == "warning"
    assert (finding.step, finding.path) == ("Train", "Arguments.Environment.RUN")
    assert "can never be reused" in finding.problem
    step(document, "Train")["CacheConfig"]["Enabled"] = False
    assert check_definition(document) == []


def test_a_parameter_nobody_uses_is_noticed(document: Document) -> None:
    document["Parameters"].append({"Name": "Leftover", "Type": "String"})
    (finding,) = check_definition(document)
    assert (finding.severity, finding.path) == ("warning", "Parameters.Leftover")


@pytest.mark.parametrize("name", ["Condition", "Expression"])
def test_conditions_inside_conditions_are_checked(name: str, document: Document) -> None:
    inner = {"Type": "Equals", "LeftValue": {"Get": "Parameters.Nobody"}, "RightValue": 1}
    gate(document)["Conditions"] = [
        {"Type": "Or", "Conditions": [{"Type": "Not", name: inner}]},
        {"Type": "In", "QueryValue": {"Get": "Parameters.TrainInstanceType"}, "Values": ["x"]},
    ]
    (finding,) = errors(document)
    assert "parameter 'Nobody' is not declared" in finding.problem


def test_an_athena_dataset_is_a_good_input(document: Document) -> None:
    prepare(document)["ProcessingInputs"][0] = {
        "InputName": "data",
        "DatasetDefinition": {
            "LocalPath": "/opt/ml/processing/input/data",
            "AthenaDatasetDefinition": {
                "Catalog": "AwsDataCatalog",
                "Database": "sales",
                "QueryString": "select * from orders where note <> 'ü'",
                "OutputS3Uri": "s3://bucket/athena/",
                "OutputFormat": "PARQUET",
            },
        },
    }
    assert errors(document) == []
    dataset = prepare(document)["ProcessingInputs"][0]["DatasetDefinition"]
    dataset["AthenaDatasetDefinition"]["OutputFormat"] = "CSV"
    (finding,) = errors(document)
    assert finding.path.endswith("AthenaDatasetDefinition.OutputFormat")


def test_every_pattern_of_the_requests_can_be_used() -> None:
    patterns: dict[str, str] = {}

    def collect(shape: Shape, seen: set[str]) -> None:
        if shape.name in seen:
            return
        seen.add(shape.name)
        if "pattern" in shape.metadata:
            patterns[shape.name] = shape.metadata["pattern"]
        for member in getattr(shape, "members", {}).values():
            collect(member, seen)
        for attribute in ("member", "key", "value"):
            if hasattr(shape, attribute):
                collect(getattr(shape, attribute), seen)

    seen: set[str] = set()
    for kind in STEP_TYPES.values():
        if kind.request:
            collect(service_model().shape_for(kind.request), seen)
    assert len(patterns) > 100
    broken = {}
    for name, pattern in patterns.items():
        try:
            compiled(pattern)
        except re.error as error:
            broken[name] = f"{pattern}: {error}"
    assert broken == {}


@pytest.mark.parametrize(
    ("value", "good"),
    [("Größe 3", True), ("a/b:c=d+e-f@g", True), ("a;b", False), ("x\ty", False), ("価格", True)],
)
def test_unicode_classes_are_read_as_java_reads_them(value: str, good: bool) -> None:
    assert matches(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", value) is good


def test_the_command_prints_place_problem_and_fix(
    document: Document, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(document))
    assert main(["check", str(path)]) == 0
    assert "no errors" in capsys.readouterr().out
    train(document)["ResourceConfig"]["InstanceType"] = "ml.m5.tiny"
    path.write_text(json.dumps(document))
    assert main(["check", str(path)]) == 1
    text = capsys.readouterr().err
    assert "Train: Arguments.ResourceConfig.InstanceType" in text
    assert '"ml.m5.tiny"' in text
    assert "fix: did you mean 'ml.m5." in text


def test_strict_refuses_warnings(document: Document, tmp_path: Path) -> None:
    document["Parameters"].append({"Name": "Leftover", "Type": "String"})
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(document))
    assert main(["check", str(path)]) == 0
    assert main(["check", "--strict", str(path)]) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"Version": "2020-12-01", "Version": "2020-12-01"}', "the member 'Version' twice"),
        ('{"Version": NaN}', "NaN is not a number"),
        ('{"Version": ', "is not a definition"),
    ],
)
def test_a_torn_file_is_named(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "definition.json"
    path.write_text(text)
    assert main(["check", str(path)]) == 1
    assert words in capsys.readouterr().err


def test_an_absent_file_names_the_command_that_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "none.json")]) == 2
    assert "python -m mlops compile" in capsys.readouterr().err
