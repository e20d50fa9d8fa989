"""What is known about a document beside its text, and from it the labels of who may see it.

A rule that finds no answer refuses the document: showing it to everybody by mistake is worse.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from source.documents import Value
from source.ingest_settings import DataSettings
from source.text_encoding import UnreadableDocument

# A file beside the document, named as Bedrock knowledge bases expect it:
# {"metadataAttributes": {"department": "legal", "groups": ["a", "b"]}}
SIDECAR = ".metadata.json"
SEPARATORS = (";", ",", "|")
LONGEST_LABEL = 128


def sidecar_metadata(path: Path) -> dict[str, Any]:
    """The attributes in the file beside `path`; none when there is no such file.

    Raises `UnreadableDocument`.
    """
    beside = path.with_name(path.name + SIDECAR)
    if not beside.is_file():
        return {}
    try:
        document = json.loads(beside.read_text(encoding="utf-8-sig"))
        attributes = document["metadataAttributes"]
        return {str(key): _attribute(value) for key, value in attributes.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise UnreadableDocument(
            f'{beside.name} is not {{"metadataAttributes": {{name: value}}}}: {error!r}'
        ) from error


def _attribute(value: Any) -> Any:
    """Also the long form: {"value": {"type": "STRING", "stringValue": "..."}, ...}."""
    if not isinstance(value, Mapping):
        return value
    typed = value["value"]
    return typed[{"STRING": "stringValue", "NUMBER": "numberValue", "BOOLEAN": "booleanValue",
                  "STRING_LIST": "stringListValue"}[typed["type"]]]  # fmt: skip


def labels_of(name: str, metadata: Mapping[str, Any], settings: DataSettings) -> tuple[str, ...]:
    """The labels of a document, sorted. Raises `UnreadableDocument` when the rule finds none.

    `name` is its path below the corpus. An empty value means that everybody may see it.
    """
    if settings.label_rule is None:
        return ()
    if settings.label_rule == "folder":
        folders = PurePosixPath(name).parts[:-1]
        if not folders:
            raise UnreadableDocument(
                "it stands in no folder, and data.label_rule takes the first folder as its label"
            )
        return (folders[0],)
    attribute = str(settings.label_attribute)
    if attribute not in metadata:
        raise UnreadableDocument(
            f"it has no {attribute!r}, which data.label_rule takes its labels from; give it an "
            "empty one if everybody may see it"
        )
    labels = sorted({part.strip() for part in _listed(metadata[attribute]) if part.strip()})
    for label in labels:
        if len(label) > LONGEST_LABEL:
            raise UnreadableDocument(f"its label {label[:40]!r}... has over {LONGEST_LABEL} signs")
    return tuple(labels)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    text = str(value)
    separator = next((sign for sign in SEPARATORS if sign in text), None)
    return text.split(separator) if separator else [text]


def plain_metadata(metadata: Mapping[str, Any]) -> dict[str, Value]:
    """Metadata that can be filtered by: texts, numbers, truth values and lists of texts."""
    found: dict[str, Value] = {}
    for key, value in sorted(metadata.items()):
        if isinstance(value, list | tuple):
            found[key] = tuple(str(part) for part in value)
        elif isinstance(value, float) and not math.isfinite(value):
            continue
        elif isinstance(value, str | bool | int | float):
            found[key] = value
        elif value is not None:
            found[key] = str(value)
    return found
