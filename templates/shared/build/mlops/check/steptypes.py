"""What each type of step is to SageMaker: its request, its answer, its name, its cache key.

The cache keys are those of "Default cache key attributes by pipeline step type" in the SageMaker
developer guide; where it names no attribute, the type cannot be cached.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepType:
    """Shapes in botocore's service model and the attributes that decide on a cache hit.

    `request` is None for a step that is not one API call; its arguments are then checked for
    references only. `named_at_run_time` is the member that the service fills in.
    """

    request: str | None = None
    response: str | None = None
    named_at_run_time: str | None = None
    cache_key: tuple[str, ...] = ()


STEP_TYPES = {
    "Processing": StepType(
        "CreateProcessingJobRequest",
        "DescribeProcessingJobResponse",
        "ProcessingJobName",
        ("AppSpecification", "Environment", "ProcessingInputs"),
    ),
    "Training": StepType(
        "CreateTrainingJobRequest",
        "DescribeTrainingJobResponse",
        "TrainingJobName",
        (
            "AlgorithmSpecification",
            "CheckpointConfig",
            "DebugHookConfig",
            "DebugRuleConfigurations",
            "Environment",
            "HyperParameters",
            "InputDataConfig",
        ),
    ),
    "Tuning": StepType(
        "CreateHyperParameterTuningJobRequest",
        "DescribeHyperParameterTuningJobResponse",
        "HyperParameterTuningJobName",
        ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions"),
    ),
    "AutoML": StepType(
        "CreateAutoMLJobRequest",
        "DescribeAutoMLJobResponse",
        "AutoMLJobName",
        ("AutoMLJobConfig", "AutoMLJobObjective", "InputDataConfig", "ProblemType"),
    ),
    "Transform": StepType(
        "CreateTransformJobRequest",
        "DescribeTransformJobResponse",
        "TransformJobName",
        ("DataProcessing", "Environment", "ModelName", "TransformInput", "TransformOutput"),
    ),
    "ClarifyCheck": StepType(cache_key=("ClarifyCheckConfig", "CheckJobConfig")),
    "QualityCheck": StepType(cache_key=("QualityCheckConfig", "CheckJobConfig")),
    "EMR": StepType(cache_key=("ClusterId", "StepConfig")),
    "Model": StepType("CreateModelInput", "DescribeModelOutput", "ModelName"),
    "RegisterModel": StepType("CreateModelPackageInput", "DescribeModelPackageOutput"),
    "EndpointConfig": StepType(
        "CreateEndpointConfigInput", "DescribeEndpointConfigOutput", "EndpointConfigName"
    ),
    "Endpoint": StepType("CreateEndpointInput", "DescribeEndpointOutput", "EndpointName"),
    "Condition": StepType(),
    "Fail": StepType(),
    "Lambda": StepType(),
    "Callback": StepType(),
    "EMRServerless": StepType(),
    "InferenceComponent": StepType(),
    "Lineage": StepType(),
    "Job": StepType(),
    "Cleanup": StepType(),
    "ForEach": StepType(),
}

EXECUTION_VARIABLES = frozenset(
    {
        "StartDateTime",
        "CurrentDateTime",
        "PipelineName",
        "PipelineArn",
        "PipelineExecutionId",
        "PipelineExecutionArn",
        "TrainingJobName",
        "ProcessingJobName",
    }
)
# Their values are the same in every execution, so they may stand in a cache key.
STABLE_EXECUTION_VARIABLES = frozenset({"PipelineName", "PipelineArn"})
