"""What SageMaker Pipelines asks of a step beyond the shape of its request."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from mlops.check.definition import Definition, Step, is_variable
from mlops.check.findings import Findings, show, suggest
from mlops.check.properties import element_names
from mlops.check.steptypes import STEP_TYPES

DURATION = re.compile(
    r"P?(?=[\dTt])(?:(\d+)[yY])?(?:(\d+)[mM])?(?:(\d+)[wW])?(?:(\d+)[dD])?"
    r"(?:[tT](?=\d)(?:(\d+)[hH])?(?:(\d+)[mM])?(?:(\d+)[sS])?)?"
)
_STEP_EXCEPTIONS = {"Step.SERVICE_FAULT", "Step.THROTTLING"}
_JOB_EXCEPTIONS = {
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
}
_JOBS = {"Processing", "Training", "Tuning", "Transform", "AutoML"}
_RETRY_MEMBERS = {
    "BackoffRate",
    "IntervalSeconds",
    "MaxAttempts",
    "ExpireAfterMin",
    "ExceptionType",
}
_MOST_ATTEMPTS = 20
_MOST_MINUTES = 14400


def check_step(step: Step, definition: Definition, findings: Findings) -> None:
    """Dependencies, names inside the step, property files, caching and retries."""
    _check_depends_on(step, definition, findings)
    _check_retries(step, findings)
    _check_cache(step, findings)
    if step.type == "Processing":
        _check_processing(step, findings)
        _check_property_files(step, findings)
    elif step.property_files:
        findings.error(
            step.name,
            "PropertyFiles",
            f"a {step.type} step writes no property file",
            "declare it on the Processing step that writes the file",
        )
    if step.type == "Training":
        channels = element_names(step, "InputDataConfig") or []
        _check_unique(step, "Arguments.InputDataConfig", "ChannelName", channels, findings)


def _check_depends_on(step: Step, definition: Definition, findings: Findings) -> None:
    for index, name in enumerate(step.raw.get("DependsOn") or ()):
        if name not in definition.steps:
            problem = f"there is no step {show(name)}"
            fix = suggest(str(name), definition.steps)
            findings.error(step.name, f"DependsOn[{index}]", problem, fix)


def _check_unique(
    step: Step, path: str, member: str, names: Iterable[str], findings: Findings
) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            problem = f"{member} {name!r} is used {times} times"
            findings.error(step.name, path, problem, "rename all but one")


def _check_processing(step: Step, findings: Findings) -> None:
    inputs = _objects(step.arguments.get("ProcessingInputs"))
    outputs = _objects((step.arguments.get("ProcessingOutputConfig") or {}).get("Outputs"))
    in_path, out_path = "Arguments.ProcessingInputs", "Arguments.ProcessingOutputConfig.Outputs"
    _check_unique(step, in_path, "InputName", [str(i.get("InputName")) for i in inputs], findings)
    _check_unique(
        step, out_path, "OutputName", [str(o.get("OutputName")) for o in outputs], findings
    )
    places: list[str] = []
    for index, item in enumerate(inputs):
        sources = [name for name in ("S3Input", "DatasetDefinition") if name in item]
        if len(sources) != 1:
            problem = f"an input has either S3Input or DatasetDefinition, this has {sources}"
            findings.error(step.name, f"{in_path}[{index}]", problem)
            continue
        place = f"{in_path}[{index}].{sources[0]}.LocalPath"
        places += _local_path(step, item[sources[0]], place, findings)
    for index, item in enumerate(outputs):
        if "S3Output" in item:
            place = f"{out_path}[{index}].S3Output.LocalPath"
            places += _local_path(step, item["S3Output"], place, findings)
    _check_unique(step, "Arguments", "LocalPath", places, findings)


def _local_path(step: Step, holder: Any, place: str, findings: Findings) -> list[str]:
    """The path in the container, normalised; empty when it is absent or only known later."""
    path = holder.get("LocalPath") if isinstance(holder, Mapping) else None
    if is_variable(path):
        return []
    if not isinstance(path, str) or not path.startswith("/opt/ml/processing"):
        findings.error(
            step.name,
            place,
            f"{show(path)} is not below /opt/ml/processing",
            "processing jobs read and write only there",
        )
        return []
    return [posixpath.normpath(path)]


def _check_property_files(step: Step, findings: Findings) -> None:
    outputs = element_names(step, "ProcessingOutputs") or []
    files = _objects(step.raw.get("PropertyFiles"))
    names = [str(item.get("PropertyFileName")) for item in files]
    _check_unique(step, "PropertyFiles", "PropertyFileName", names, findings)
    for index, item in enumerate(files):
        place = f"PropertyFiles[{index}]"
        output, path = item.get("OutputName"), item.get("FilePath")
        if output not in outputs:
            fix = suggest(str(output), outputs)
            findings.error(step.name, place, f"the step has no output {show(output)}", fix)
        if not isinstance(path, str) or not path or path.startswith("/") or ".." in path:
            problem = f"{show(path)} is not a path inside the output"
            findings.error(step.name, place, problem, "write it relative to the output")


def _check_cache(step: Step, findings: Findings) -> None:
    config = step.raw.get("CacheConfig")
    if config is None:
        return
    expiry = config.get("ExpireAfter")
    if not isinstance(config.get("Enabled"), bool):
        problem = f"{show(config.get('Enabled'))} is neither true nor false"
        findings.error(step.name, "CacheConfig.Enabled", problem)
    elif config["Enabled"] and not STEP_TYPES[step.type].cache_key:
        problem = f"a {step.type} step cannot be cached"
        findings.error(step.name, "CacheConfig", problem, "remove CacheConfig")
    if expiry is not None and not DURATION.fullmatch(str(expiry)):
        problem = f"{show(expiry)} is not an ISO 8601 duration"
        findings.error(step.name, "CacheConfig.ExpireAfter", problem, 'write "P30D" for 30 days')


def _check_retries(step: Step, findings: Findings) -> None:
    allowed = _STEP_EXCEPTIONS | (_JOB_EXCEPTIONS if step.type in _JOBS else set())
    for index, policy in enumerate(step.raw.get("RetryPolicies") or ()):
        place = f"RetryPolicies[{index}]"
        if not isinstance(policy, Mapping):
            findings.error(step.name, place, f"{show(policy)} is not an object")
            continue
        for key in sorted(set(policy) - _RETRY_MEMBERS):
            problem = f"a retry policy has no member {key!r}"
            findings.error(step.name, place, problem, suggest(key, _RETRY_MEMBERS))
        for name in policy.get("ExceptionType") or [None]:
            if name not in allowed:
                problem = f"{show(name)} cannot be retried on a {step.type} step"
                fix = suggest(str(name), allowed)
                findings.error(step.name, f"{place}.ExceptionType", problem, fix)
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            problem = "a retry policy ends by MaxAttempts or by ExpireAfterMin, exactly one of them"
            findings.error(step.name, place, problem)
        _check_number(step, policy, place, "MaxAttempts", 1, _MOST_ATTEMPTS, findings)
        _check_number(step, policy, place, "ExpireAfterMin", 0, _MOST_MINUTES, findings)
        _check_number(step, policy, place, "BackoffRate", 0, None, findings)
        _check_number(step, policy, place, "IntervalSeconds", 0, None, findings)


def _check_number(
    step: Step,
    policy: Mapping[str, Any],
    place: str,
    key: str,
    low: int,
    high: int | None,
    findings: Findings,
) -> None:
    if key not in policy:
        return
    value = policy[key]
    good = isinstance(value, int | float) and not isinstance(value, bool) and value >= low
    if not good or (high is not None and value > high):
        limits = f"from {low} to {high}" if high is not None else f"of at least {low}"
        problem = f"{show(value)} is not a number {limits}"
        findings.error(step.name, f"{place}.{key}", problem)


def _objects(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items or () if isinstance(item, Mapping)]
