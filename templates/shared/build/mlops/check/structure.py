"""The frame of a definition: its top level, its parameters and what every step has.

What passes here can be read with `read_definition`.
"""

import re
from collections.abc import Mapping
from typing import Any

from mlops.check.definition import BRANCHES
from mlops.check.findings import Findings, show, suggest
from mlops.check.steptypes import STEP_TYPES

VERSION = "2020-12-01"
PARAMETER_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (float, int),
    "Boolean": (bool,),
}
_TOP_LEVEL = {
    "Version",
    "Metadata",
    "Parameters",
    "PipelineExperimentConfig",
    "MlflowConfig",
    "Steps",
}
_STEP = {
    "Name",
    "Type",
    "Arguments",
    "DisplayName",
    "Description",
    "DependsOn",
    "RetryPolicies",
    "CacheConfig",
    "PropertyFiles",
}
# Members that only some types of step have beside the common ones.
_STEP_EXTRAS = {
    "Lambda": {"FunctionArn", "OutputParameters"},
    "Callback": {"SqsQueueUrl", "OutputParameters"},
    "ClarifyCheck": {
        "CheckType",
        "FailOnViolation",
        "ModelPackageGroupName",
        "RegisterNewBaseline",
        "SkipCheck",
        "SuppliedBaselineConstraints",
    },
    "QualityCheck": {
        "CheckType",
        "FailOnViolation",
        "ModelPackageGroupName",
        "RegisterNewBaseline",
        "SkipCheck",
        "SuppliedBaselineConstraints",
        "SuppliedBaselineStatistics",
    },
    "EMR": {"ClusterConfig", "ExecutionRoleArn"},
    "EMRServerless": {"ExecutionRoleArn"},
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME_FIX = "use 1 to 64 letters, digits, _ or -"


def check_structure(document: Any, findings: Findings) -> bool:
    """Whether `document` is well formed enough to be read; says what is not."""
    before = len(findings.errors)
    if not isinstance(document, Mapping):
        findings.error("", "", f"a definition is an object, this is {show(document)}")
        return False
    if document.get("Version") != VERSION:
        findings.error(
            "", "Version", f"{show(document.get('Version'))} is not known", f'use "{VERSION}"'
        )
    for key in sorted(set(document) - _TOP_LEVEL):
        findings.error("", key, f"a definition has no member {key!r}", suggest(key, _TOP_LEVEL))
    _check_parameters(document.get("Parameters"), findings)
    steps = document.get("Steps")
    if not isinstance(steps, list) or not steps:
        findings.error("", "Steps", f"{show(steps)} is not a list of steps", "add a step")
    else:
        _check_steps(steps, "Steps", findings, set())
    return len(findings.errors) == before


def _check_parameters(parameters: Any, findings: Findings) -> None:
    if parameters is None:
        return
    if not isinstance(parameters, list):
        findings.error("", "Parameters", f"{show(parameters)} is not a list")
        return
    names: set[str] = set()
    for index, item in enumerate(parameters):
        place = f"Parameters[{index}]"
        name = item.get("Name") if isinstance(item, Mapping) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            findings.error("", place, f"{show(name)} is not a parameter name", _NAME_FIX)
            continue
        place = f"Parameters.{name}"
        if name in names:
            findings.error("", place, f"parameter {name!r} is declared twice", "remove one")
        names.add(name)
        if item.get("Type") not in PARAMETER_TYPES:
            fix = suggest(str(item.get("Type")), PARAMETER_TYPES)
            findings.error("", place, f"{show(item.get('Type'))} is not a parameter type", fix)
            continue
        _check_default(item, place, findings)


def _check_default(item: Mapping[str, Any], place: str, findings: Findings) -> None:
    kind, default, enum = item["Type"], item.get("DefaultValue"), item.get("EnumValues")
    if enum is not None and (kind != "String" or not isinstance(enum, list)):
        findings.error("", place, "EnumValues is a list of values of a String parameter")
        return
    if default is None:
        return
    if not has_type(default, kind):
        findings.error(
            "", place, f"the default {show(default)} is not of type {kind}", "change one of them"
        )
    elif enum and default not in enum:
        findings.error(
            "", place, f"the default {show(default)} is not in EnumValues", suggest(default, enum)
        )


def has_type(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a parameter type; a Boolean is no Integer."""
    if isinstance(value, bool) and kind != "Boolean":
        return False
    return isinstance(value, PARAMETER_TYPES[kind])


def _check_steps(steps: Any, place: str, findings: Findings, names: set[str]) -> None:
    if not isinstance(steps, list):
        findings.error("", place, f"{show(steps)} is not a list of steps")
        return
    for index, step in enumerate(steps):
        name = step.get("Name") if isinstance(step, Mapping) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            findings.error("", f"{place}[{index}]", f"{show(name)} is not a step name", _NAME_FIX)
            continue
        if name in names:
            findings.error(name, "", f"two steps are named {name!r}", "rename one")
        names.add(name)
        _check_step(step, name, findings, names)


def _check_step(step: Mapping[str, Any], name: str, findings: Findings, names: set[str]) -> None:
    kind = step.get("Type")
    if kind not in STEP_TYPES:
        fix = suggest(str(kind), STEP_TYPES)
        findings.error(name, "Type", f"{show(kind)} is not a type of step", fix)
        return
    known = _STEP | _STEP_EXTRAS.get(kind, set())
    for key in sorted(set(step) - known):
        findings.error(name, key, f"a {kind} step has no member {key!r}", suggest(key, known))
    arguments = step.get("Arguments")
    if not isinstance(arguments, Mapping) and (kind not in {"Lambda", "Callback"} or arguments):
        findings.error(name, "Arguments", f"{show(arguments)} is not an object")
        return
    for key in ("DependsOn", "PropertyFiles", "RetryPolicies"):
        if not isinstance(step.get(key) or [], list):
            findings.error(name, key, f"{show(step[key])} is not a list")
    if not isinstance(step.get("CacheConfig") or {}, Mapping):
        findings.error(name, "CacheConfig", f"{show(step['CacheConfig'])} is not an object")
    if kind == "Condition" and isinstance(arguments, Mapping):
        for branch in BRANCHES:
            _check_steps(arguments.get(branch) or [], f"{name}.{branch}", findings, names)
