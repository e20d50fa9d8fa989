"""Values of the pipeline's parameters: defaults, what the person gave, the data to run on."""

import copy
import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from mlops.check.definition import Definition, Parameter, Step, nested_steps
from mlops.check.findings import suggest
from mlops.errors import CommandError
from mlops.local.store import LocalStore, files_below, tree_digest
from mlops.local.values import Values, ValueUnavailableError

DATA_PARAMETER = "InputDataUri"
VERSION_PARAMETER = "DataVersion"
_VERSION_DIGITS = 16
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


class ParameterError(CommandError):
    """A parameter that the pipeline does not have, or a value that it cannot have."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)


def given_parameters(definition: Definition, given: Sequence[str]) -> dict[str, Any]:
    """Typed values of `NAME=VALUE` texts; raises `ParameterError` naming the fix."""
    values: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"--param {text}: write NAME=VALUE")
        if name not in definition.parameters:
            raise ParameterError(
                f"the pipeline has no parameter {name!r}: {suggest(name, definition.parameters)}"
            )
        values[name] = typed(definition.parameters[name], value)
    return values


def typed(parameter: Parameter, text: str) -> Any:
    """`text` as a value of the parameter's type; raises `ParameterError`."""
    try:
        if parameter.type == "Integer":
            return int(text)
        if parameter.type == "Float":
            number = float(text)
            json.dumps(number, allow_nan=False)
            return number
        if parameter.type == "Boolean":
            if text.lower() not in _TRUE | _FALSE:
                raise ValueError(text)
            return text.lower() in _TRUE
    except ValueError:
        raise ParameterError(
            f"parameter {parameter.name} is of type {parameter.type}, {text!r} is not"
        ) from None
    if parameter.enum and text not in parameter.enum:
        raise ParameterError(
            f"parameter {parameter.name} cannot be {text!r}: {suggest(text, parameter.enum)}"
        )
    return text


def all_parameters(definition: Definition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults with `values` over them; raises `ParameterError` when one has neither."""
    merged = {name: item.default for name, item in definition.parameters.items()} | dict(values)
    missing = [name for name, value in merged.items() if value is None]
    if missing:
        raise ParameterError(
            f"no value for {', '.join(missing)}: give "
            + " ".join(f"--param {name}=..." for name in missing)
        )
    return merged


def use_data(
    document: Mapping[str, Any], data: Path, store: LocalStore, prefix: str
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Make the pipeline read a local file or folder.

    Returns the definition, in which a query's input is now an address, and the parameters that
    follow. Raises `ParameterError` when the file is not there or the pipeline takes no data.
    """
    if next(files_below(data), None) is None:
        what = "the folder is empty" if data.is_dir() else "there is no such file"
        raise ParameterError(f"--data {data}: {what}")
    digest = tree_digest(data)[:_VERSION_DIGITS]
    uri = f"{prefix}/data/{digest}"
    store.upload(data, f"{uri}/{data.name}" if data.is_file() else uri)
    names = {parameter["Name"] for parameter in document.get("Parameters") or ()}
    known = {DATA_PARAMETER: uri, VERSION_PARAMETER: digest}
    values = {name: value for name, value in known.items() if name in names}
    if DATA_PARAMETER in names:
        return document, values
    changed = copy.deepcopy(dict(document))
    if not sum(_replace_query(step, uri) for step in nested_steps(changed["Steps"])):
        raise ParameterError(
            f"--data: the pipeline has neither a parameter {DATA_PARAMETER} nor an input that "
            "is a query"
        )
    return changed, values


def check_inputs(definition: Definition, values: Values, store: LocalStore) -> None:
    """Refuse what a run without network cannot get, before anything runs.

    Raises `CommandError` for an input that is a query or lies in S3 only.
    """
    for step in definition.steps.values():
        for name, source in _inputs(step):
            if "S3Uri" not in source:
                raise CommandError(
                    f"input {name!r} of {step.name} is a query against a data catalog, which a "
                    "local run cannot reach. Give a sample of its result as a file: "
                    "make run ARGS='--data sample.parquet'",
                    exit_code=2,
                )
            try:
                uri = str(values.resolve(source["S3Uri"]))
            except ValueUnavailableError:
                continue  # written by an earlier step
            if not store.exists(uri):
                raise CommandError(
                    f"input {name!r} of {step.name} is {uri}, and a local run reads nothing from "
                    "S3. Give a local copy: make run ARGS='--data FILE' (for the data), or put "
                    f"it at {store.path(uri)}",
                    exit_code=2,
                )


def _inputs(step: Step) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in step.arguments.get("ProcessingInputs") or ():
        yield item["InputName"], item.get("S3Input") or item["DatasetDefinition"]
    if step.type == "Training":
        for channel in step.arguments.get("InputDataConfig") or ():
            yield channel["ChannelName"], channel["DataSource"].get("S3DataSource") or {}


def _replace_query(step: Step, uri: str) -> bool:
    """Turn the step's query into an address; whether it had one."""
    replaced = False
    for item in step.arguments.get("ProcessingInputs") or ():
        dataset = item.pop("DatasetDefinition", None)
        if dataset is not None:
            _to_address(item, dataset, uri)
            replaced = True
    return replaced


def _to_address(item: MutableMapping[str, Any], dataset: Mapping[str, Any], uri: str) -> None:
    item["S3Input"] = {
        "S3Uri": uri,
        "LocalPath": dataset["LocalPath"],
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
