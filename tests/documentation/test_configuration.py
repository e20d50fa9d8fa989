"""Every question, key and fact is documented, with its default, bounds and choices."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import CHECKOUT, Render, template_names

from documentation.models import Key, keys_of
from documentation.pages import DOCS, RAG_PLACE, blocks, codes, rows

# One worker: what is set up for a session is set up once.
pytestmark = pytest.mark.xdist_group("documentation")

REGRESSION = DOCS / "templates" / "regression.md"
ROW_OF_STAGES = ("dev", "test", "prod")


@pytest.mark.parametrize("name", template_names())
def test_every_question_is_documented(name: str) -> None:
    template = json.loads((CHECKOUT / "templates" / name / "cookiecutter.json").read_text())
    questions = [name for name in template if not name.startswith("_")]
    documented = {codes(row["question"])[0]: row for row in rows(page_of(name), "question")}
    assert list(documented) == questions
    for name, row in documented.items():
        default = template[name][0] if isinstance(template[name], list) else template[name]
        if "{" not in default:
            assert codes(row["default"]) == [default], name
        for choice in template[name] if isinstance(template[name], list) else ():
            assert choice in codes(row["an answer is"]), (name, choice)


def page_of(template: str) -> Path:
    return DOCS / "templates" / f"{template}.md"


def flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of nested sections."""
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def numbers(text: str) -> set[float]:
    return {float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)}


def check_bounds(key: str, model: Key, cell: str) -> None:
    assert model.bounds <= numbers(cell), f"{key}: {sorted(model.bounds)} are its bounds"
    assert model.choices <= set(codes(cell)), f"{key}: {sorted(model.choices)} are its choices"


@pytest.mark.parametrize("name", template_names())
def test_every_key_of_the_pipeline_configuration_is_documented(name: str, render: Render) -> None:
    build = render(name) / "build"
    model = keys_of(sorted((build / "pipeline").glob("*.py")), "PipelineConfig")
    content = flat(yaml.safe_load((build / "config" / "pipeline.yaml").read_text()))
    # A section may be null; its keys are documented all the same.
    sections = {key.rsplit(".", 1)[0] for key in model}
    file = {key: value for key, value in content if not (value is None and key in sections)}
    assert set(file) <= set(model)
    documented = {codes(row["key"])[0]: row for row in rows(page_of(name), "key", "default")}
    assert sorted(documented) == sorted(model)
    for key, row in documented.items():
        default = file[key] if key in file else model[key].default
        if codes(row["default"]) != ["required"]:
            assert [yaml.safe_load(code) for code in codes(row["default"])] == [default], key
        check_bounds(key, model[key], row["allowed"])


def check_value(key: str, row: Mapping[str, str], column: str, file: Mapping[str, Any]) -> None:
    """The cell of a key has what the file has, and nothing where the file has no such key."""
    expected = [file[key]] if key in file else []
    assert [yaml.safe_load(code) for code in codes(row[column])] == expected, (key, column)


def check_alarms(
    documented: Mapping[str, Mapping[str, str]], stage: str, content: Mapping[str, Any]
) -> None:
    """Every alarm of a stage's file is documented, with what the file says."""
    assert set(documented) == set(content["alarms"])
    for name, row in documented.items():
        assert row[stage] == in_words(content["alarms"][name]), (name, stage)


def test_every_key_of_a_stage_is_documented(repositories: dict[str, Path]) -> None:
    deploy = repositories["deploy"]
    sources = sorted((deploy / "components").glob("*.py"))
    model = keys_of(sources, "StageConfig")
    alarms = {key for key in model if key.startswith("alarms.")}
    stages = {
        stage: yaml.safe_load((deploy / "config" / f"{stage}.yaml").read_text())
        for stage in ROW_OF_STAGES
    }
    documented = {codes(row["key"])[0]: row for row in rows(REGRESSION, "key", *ROW_OF_STAGES)}
    entries = {f"alarms.{codes(row['alarm'])[0]}": row for row in rows(REGRESSION, "alarm")}
    names = {key.rsplit(".", 1)[0] for key in alarms}
    assert sorted(entries) == sorted(names)
    assert sorted(documented) == sorted(set(model) - alarms)
    for stage, content in stages.items():
        file = dict(flat({k: v for k, v in content.items() if k != "alarms"}))
        assert set(file) <= set(documented) | {"endpoint.vpc"}
        for key, row in documented.items():
            check_value(key, row, stage, file)
            check_bounds(key, model[key], row["allowed"])
        for key, row in entries.items():
            alarm = content["alarms"][key.partition(".")[2]]
            assert row[stage] == in_words(alarm), (key, stage)


FINE_TUNING = DOCS / "templates" / "llm_finetune.md"
# Documented once, on the regression template's page.
COMMON = ("data_capture", "logs", "notifications", "model_packages", "container")


def test_every_key_of_a_language_models_stage_is_documented(render: Render) -> None:
    deploy = render("llm_finetune") / "deploy"
    # The last class of a name counts: this template's own StageConfig.
    files = [
        path for name in ("components", "stacks") for path in sorted((deploy / name).glob("*.py"))
    ]
    model = keys_of(files, "StageConfig")
    own = {key for key in model if not key.startswith((*COMMON, "alarms.", "engine_alarms."))}
    documented = {codes(row["key"])[0]: row for row in rows(FINE_TUNING, "key", *ROW_OF_STAGES)}
    alarms = {codes(row["alarm"])[0]: row for row in rows(FINE_TUNING, "alarm")}
    engine = {codes(row["engine alarm"])[0]: row for row in rows(FINE_TUNING, "engine alarm")}
    assert set(documented) == own - {"termination_protection"}
    for stage in ROW_OF_STAGES:
        content = yaml.safe_load((deploy / "config" / f"{stage}.yaml").read_text())
        file = dict(flat(content))
        for key, row in documented.items():
            check_value(key, row, stage, file)
        check_alarms(alarms, stage, content)
        assert set(engine) == set(content["engine_alarms"])
        for name, row in engine.items():
            alarm = content["engine_alarms"][name]
            assert row[stage] == f"{alarm['threshold']} for {alarm['minutes']} min", (name, stage)


RETRIEVAL = DOCS / "templates" / "rag.md"


def test_every_key_of_a_retrieval_stage_is_documented(render: Render) -> None:
    deploy = render("rag") / "deploy"
    files = [
        path for name in ("components", "stacks") for path in sorted((deploy / name).rglob("*.py"))
    ]
    model = keys_of(files, "RetrievalStageConfig")
    own = {key for key in model if not key.startswith((*COMMON, "alarms."))}
    documented = {codes(row["key"])[0]: row for row in rows(RETRIEVAL, "key", *ROW_OF_STAGES)}
    alarms = {codes(row["alarm"])[0]: row for row in rows(RETRIEVAL, "alarm")}
    assert set(documented) == own - {"termination_protection"}
    for stage in ROW_OF_STAGES:
        content = yaml.safe_load((deploy / "config" / f"{stage}.yaml").read_text())
        file = dict(flat(content))
        for key, row in documented.items():
            check_value(key, row, stage, file)
            check_bounds(key, model[key], row["allowed"])
        check_alarms(alarms, stage, content)


def test_every_alarm_of_answers_says_what_to_do(render: Render) -> None:
    ours, common = (
        set(yaml.safe_load((render(name) / "deploy/config/dev.yaml").read_text())["alarms"])
        for name in ("rag", "regression")
    )
    page = DOCS / "operations.md"
    cures = {codes(row["alarm of answers"])[0]: row for row in rows(page, "alarm of answers")}
    assert set(cures) == ours - common
    assert all(row["what to do"] for row in cures.values())


def test_every_key_of_a_vector_store_is_documented(render: Render) -> None:
    deploy = render("rag") / "deploy"
    folders = (deploy / "components", deploy / "stacks" / "vector_store")
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    model = keys_of(files, "VectorStoreConfig")
    content = yaml.safe_load((deploy / "config" / "vector_store.yaml").read_text())
    sections = {key.partition(".")[0] for key in model if "." in key}
    file = {key: value for key, value in flat(content) if key not in sections}
    documented = {codes(row["store key"])[0]: row for row in rows(RETRIEVAL, "store key")}
    assert set(documented) == set(model)
    assert set(file) <= set(model)
    for key, row in documented.items():
        check_value(key, row, "value", file)
        check_bounds(key, model[key], row["allowed"])


def in_words(alarm: Mapping[str, Any] | None) -> str:
    if alarm is None:
        return "off"
    action = "goes back" if alarm["roll_back"] else "notifies"
    return (
        f"{alarm['threshold']} in {alarm['breaching_minutes']} of {alarm['minutes']} min, {action}"
    )


def test_every_fact_is_documented(repositories: dict[str, Path]) -> None:
    keys: set[str] = set()
    for role in ("build", "deploy"):
        facts = json.loads((repositories[role] / "cicd-config.json").read_text())
        keys |= {re.sub(r"\.(dev|test|prod)\.", ".<stage>.", key) for key, _ in flat(facts)}
    keys = {re.sub(r"^template\.answers\..+", "template.answers", key) for key in keys}
    documented = {code for row in rows(REGRESSION, "fact") for code in codes(row["fact"])}
    assert documented == keys


def test_examples_of_the_pipeline_configuration_use_its_keys(
    repositories: dict[str, Path],
) -> None:
    required = {"data.source", "gate.metric"}
    for place, page, more in (
        ("build", "people/data-scientist.md", {"data.target"}),
        (RAG_PLACE, "templates/rag.md", set()),
    ):
        files = sorted((repositories[place] / "pipeline").glob("*.py"))
        model = keys_of(files, "PipelineConfig")
        examples = blocks(DOCS / page, "yaml")
        assert examples
        for example in examples:
            given = dict(flat(yaml.safe_load(example.text)))
            assert set(given) <= set(model)
            assert required | more <= set(given), "these are required"
