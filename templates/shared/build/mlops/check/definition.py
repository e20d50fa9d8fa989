"""A pipeline definition, read once: its parameters, its steps with their place, their order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from mlops.check.paths import Part, PathError, parse_path

VARIABLES = frozenset({"Get", "Std:Join", "Std:JsonGet"})
BRANCHES = ("IfSteps", "ElseSteps")


@dataclass(frozen=True)
class Parameter:
    """A pipeline parameter; `default` is None when a value must be given at the start."""

    name: str
    type: str
    default: Any = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A step. `branches` are the branches around it, outermost first: (condition, branch)."""

    name: str
    type: str
    arguments: Mapping[str, Any]
    raw: Mapping[str, Any]
    branches: tuple[tuple[str, str], ...] = ()

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Steps named by `DependsOn`."""
        return tuple(name for name in self.raw.get("DependsOn") or () if isinstance(name, str))

    @property
    def property_files(self) -> tuple[Mapping[str, Any], ...]:
        """The declared property files."""
        return tuple(self.raw.get("PropertyFiles") or ())

    @property
    def cached(self) -> bool:
        """Whether the step may reuse an earlier execution."""
        return bool((self.raw.get("CacheConfig") or {}).get("Enabled"))


@dataclass(frozen=True)
class Definition:
    """Parameters and steps by name, in the order in which they stand in the document."""

    parameters: Mapping[str, Parameter]
    steps: Mapping[str, Step]

    def waits_for(self, step: Step) -> set[str]:
        """Steps that must end before `step` may start: references, DependsOn, its conditions."""
        names = {name for name, _ in step.branches} | set(step.depends_on)
        own = step.arguments
        if step.type == "Condition":
            own = {key: value for key, value in own.items() if key not in BRANCHES}
        names |= referenced_steps(own)
        return names & set(self.steps)

    def order(self) -> list[Step]:
        """Steps so that each stands after what it waits for, else as in the document.

        Raises `CycleError` with the names of the steps that wait for each other.
        """
        done: list[Step] = []
        placed: set[str] = set()

        def place(step: Step, trail: tuple[str, ...]) -> None:
            if step.name in trail:
                raise CycleError((*trail[trail.index(step.name) :], step.name))
            if step.name in placed:
                return
            waits = self.waits_for(step)
            for name in (name for name in self.steps if name in waits):
                place(self.steps[name], (*trail, step.name))
            placed.add(step.name)
            done.append(step)

        for step in self.steps.values():
            place(step, ())
        return done


class CycleError(ValueError):
    """Steps wait for each other; `names` is the circle, first and last the same."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(" → ".join(names))


def read_definition(document: Mapping[str, Any]) -> Definition:
    """The definition in `document`, which `mlops.check` has found to be well formed."""
    parameters = {
        item["Name"]: Parameter(
            item["Name"],
            item["Type"],
            item.get("DefaultValue"),
            tuple(item.get("EnumValues") or ()),
        )
        for item in document.get("Parameters") or ()
    }
    return Definition(parameters, {step.name: step for step in nested_steps(document["Steps"])})


def nested_steps(
    steps: list[Mapping[str, Any]], branches: tuple[tuple[str, str], ...] = ()
) -> Iterator[Step]:
    """All steps, those inside conditions after their condition."""
    for raw in steps:
        step = Step(raw["Name"], raw["Type"], raw.get("Arguments") or {}, raw, branches)
        yield step
        if step.type == "Condition":
            for branch in BRANCHES:
                inside = (*branches, (step.name, branch))
                yield from nested_steps(step.arguments.get(branch) or [], inside)


def is_variable(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether `value` stands for something that is known only when the pipeline runs."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in VARIABLES


def variables_in(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The variables inside `value`, those inside variables included, each with its path."""
    if is_variable(value):
        yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from variables_in(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from variables_in(item, f"{path}[{index}]")


@dataclass(frozen=True)
class Reference:
    """A `Get`: `Parameters.X`, `Execution.X` or a property of `Steps.X`."""

    root: str
    name: str
    path: tuple[Part, ...] = ()


def parse_reference(text: Any) -> Reference:
    """Read the text of a `Get`; raises `PathError` when it is not one."""
    if not isinstance(text, str):
        raise PathError(f"a Get names what it gets as text, not {text!r}")
    root, _, rest = text.partition(".")
    if root in {"Parameters", "Execution"} and rest:
        return Reference(root, rest)
    if root == "Steps" and rest:
        first, *path = parse_path(rest)
        if isinstance(first.key, str) and not first.bracketed:
            return Reference(root, first.key, tuple(path))
    raise PathError(f"{text!r} is none of Parameters.<name>, Execution.<name>, Steps.<name>.<path>")


def referenced_steps(value: Any) -> set[str]:
    """Names of the steps whose properties or property files `value` uses."""
    names = set()
    for _, variable in variables_in(value):
        if "Get" in variable:
            try:
                reference = parse_reference(variable["Get"])
            except PathError:
                continue
            if reference.root == "Steps":
                names.add(reference.name)
    return names
