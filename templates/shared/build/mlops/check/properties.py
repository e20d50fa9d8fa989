"""Properties of steps: what `Steps.Train.ModelArtifacts` leads to, and its type."""

from typing import Any

from botocore.model import ServiceModel, Shape

from mlops.check.definition import Reference, Step
from mlops.check.findings import Findings, suggest
from mlops.check.paths import Part
from mlops.check.steptypes import STEP_TYPES


class Properties:
    """Looks properties up in the shape that describes a finished step."""

    def __init__(self, model: ServiceModel, findings: Findings) -> None:
        self._model = model
        self._findings = findings

    def kind(self, target: Step, reference: Reference, step: Step, path: str) -> str | None:
        """Type of the property of `target` that `step` refers to at `path`.

        None when the service model does not say, or after reporting that it leads nowhere.
        """
        response = STEP_TYPES[target.type].response
        if response is None:
            self._output_parameter(target, reference, step, path)
            return None
        shape: Shape | None = self._model.shape_for(response)
        for part in reference.path:
            shape = self._member(shape, part, target, step, path)
            if shape is None:
                return None
        return shape.type_name if shape else None

    def _member(self, shape: Any, part: Part, target: Step, step: Step, path: str) -> Shape | None:
        """The shape that `part` leads to; reports and returns None when it leads nowhere."""
        kind = shape.type_name
        if kind == "structure" and not part.bracketed and part.key in shape.members:
            return shape.members[part.key]  # type: ignore[no-any-return]
        if kind == "list" and part.bracketed:
            names = element_names(target, shape.name)
            if names is None or isinstance(part.key, int) or part.key in names:
                return shape.member  # type: ignore[no-any-return]
            problem = f"step {target.name!r} has no {shape.member.name} named {part.key!r}"
            self._findings.error(step.name, path, problem, suggest(str(part.key), names))
            return None
        if kind == "map":
            return shape.value  # type: ignore[no-any-return]
        members = shape.members if kind == "structure" else ()
        self._findings.error(
            step.name,
            path,
            f"step {target.name!r} has no property {part.key!r} here: {shape.name} is a {kind}",
            suggest(str(part.key), members) if members else "shorten the reference",
        )
        return None

    def _output_parameter(self, target: Step, reference: Reference, step: Step, path: str) -> None:
        if target.type not in {"Lambda", "Callback"} or len(reference.path) < 2:
            return
        declared = [
            str(item.get("OutputName")) for item in target.raw.get("OutputParameters") or ()
        ]
        if reference.path[0].key == "OutputParameters" and reference.path[1].key not in declared:
            self._findings.error(
                step.name,
                path,
                f"step {target.name!r} has no output parameter {reference.path[1].key!r}",
                suggest(str(reference.path[1].key), declared),
            )


def element_names(step: Step, shape: str) -> list[str] | None:
    """Names under which elements of a list of the step's answer can be looked up, if any."""
    arguments = step.arguments
    if shape == "ProcessingOutputs":
        outputs = (arguments.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
        return [str(item.get("OutputName")) for item in outputs]
    if shape == "ProcessingInputs":
        return [str(item.get("InputName")) for item in arguments.get("ProcessingInputs") or ()]
    if shape == "InputDataConfig":
        return [str(item.get("ChannelName")) for item in arguments.get("InputDataConfig") or ()]
    if shape == "FinalMetricDataList":
        metrics = (arguments.get("AlgorithmSpecification") or {}).get("MetricDefinitions") or ()
        return [str(item.get("Name")) for item in metrics]
    return None
