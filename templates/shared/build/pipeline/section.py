"""What the sections of `config/pipeline.yaml` have in common, and how mistakes are explained."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen section; a key nobody knows is an error, so that a typing slip is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class UniqueKeysLoader(yaml.SafeLoader):
    """YAML in which a key given twice is an error; by default the last one wins silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def explain(item: Mapping[str, Any], root: type[BaseModel]) -> str:
    """One of pydantic's errors about `root` as `key: value, what is wrong and what to do`."""
    location = tuple(str(part) for part in item["loc"])
    key, value = ".".join(location) or "(top level)", item["input"]
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}… (shortened)"
    match item["type"]:
        case "missing":
            return f"{key}: missing; add it"
        case "extra_forbidden":
            known = _keys_beside(location, root)
            close = difflib.get_close_matches(location[-1], known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            return f"{key}: unknown key; {hint}"
        case "string_type" if isinstance(value, bool | int | float):
            return f"{key}: {shown} is not text; put it in quotes"
        case "tuple_type":
            return f"{key}: {shown} is not a list; write [{value}]"
        case "model_type":
            return f"{key}: {shown} is not a section; write its keys below it, indented"
        case "value_error":
            reason = str(item["ctx"]["error"])
            return f"{key}: {reason}" if isinstance(value, dict) else f"{key}: {shown}; {reason}"
    return f"{key}: {shown} is wrong; {item['msg'][0].lower()}{item['msg'][1:]}"


def _keys_beside(location: tuple[str, ...], root: type[BaseModel]) -> list[str]:
    """The known keys of the section in which the last key of `location` stands."""
    model = root
    for part in location[:-1]:
        annotation = _keys(model)[part]
        options = (annotation, *get_args(annotation))
        model = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
    return list(_keys(model))


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a section as the file has them, and their types."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}
