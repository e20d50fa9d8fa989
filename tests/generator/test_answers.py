"""No answer and no fact reaches a template unless its allow-list admits all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config
from generator_stage import INJECTIONS, TRACE, catalog
from test_catalog import written

from generator.answers import RefusedAnswer, UnknownQuestion, check_answer, complete
from generator.catalog import BrokenCatalog, Template
from generator.facts import FACT_PATTERNS, UnusableFact, check_facts, leaves, missing_facts
from generator.render import render

TEMPLATES = {template.name: template for template in catalog().templates}
QUESTIONS = [
    (template.name, question.name)
    for template in TEMPLATES.values()
    for question in template.questions
]
FACTS = [
    (template.name, path)
    for template in TEMPLATES.values()
    for path, _ in leaves(template.declared_facts)
]


def only_line(error: BaseException) -> str:
    message = str(error)
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 500
    return message


@pytest.mark.parametrize("payload", INJECTIONS)
@pytest.mark.parametrize(("template", "question"), QUESTIONS)
def test_no_injection_is_an_answer(template: str, question: str, payload: str) -> None:
    with pytest.raises(RefusedAnswer) as refused:
        complete(TEMPLATES[template], {question: INJECTIONS[payload]})
    assert only_line(refused.value).startswith(f"{question} = ")


@pytest.mark.parametrize("payload", INJECTIONS)
@pytest.mark.parametrize(("template", "path"), FACTS)
def test_no_injection_is_a_fact(template: str, path: str, payload: str) -> None:
    section, *rest = path.split(".")
    value: Any = INJECTIONS[payload]
    for name in reversed(rest):
        value = {name: value}
    with pytest.raises(UnusableFact) as refused:
        check_facts({section: value}, TEMPLATES[template].declared_facts)
    assert path in only_line(refused.value)


@pytest.mark.parametrize("payload", INJECTIONS)
def test_no_injection_is_a_tag(payload: str) -> None:
    for template in TEMPLATES.values():
        with pytest.raises(UnusableFact, match=r"facts\.tags") as refused:
            check_facts({"tags": {INJECTIONS[payload]: "x"}}, template.declared_facts)
        only_line(refused.value)
        if payload != "empty":  # a tag may have an empty value
            with pytest.raises(UnusableFact, match=r"facts\.tags\.team"):
                check_facts({"tags": {"team": INJECTIONS[payload]}}, template.declared_facts)


UNUSABLE: dict[str, tuple[dict[str, Any], str]] = {
    "unknown section": ({"secrets": {"a": "b"}}, r"secrets\.a is not a fact"),
    "unknown fact": ({"project": {"nickname": "x"}}, r"project\.nickname is not a fact"),
    "a section that is text": ({"project": "x"}, "project is not a fact"),
    "a fact that is a section": ({"project": {"id": {"a": "b"}}}, r"project\.id\.a is not a fact"),
    "a fact that is a list": ({"project": {"id": ["x"]}}, r"project\.id = \['x'\]"),
    "a fact that is a number": ({"aws": {"account_id": 111122223333}}, r"aws\.account_id = 1111"),
    "an odd name": ({"project": {"{{ x }}": "x"}}, r"'project\.\{\{ x \}\}' is not a fact"),
    "tags that are text": ({"tags": "x"}, r"facts\.tags = 'x'"),
    "a tag that is a section": ({"tags": {"a": {"b": "c"}}}, r"facts\.tags\.a = "),
    "a reserved tag": ({"tags": {"aws:x": "y"}}, "has the key 'aws:x'"),
    "a whole bucket": ({"storage": {"prefix": "/"}}, r"storage\.prefix"),
    "a way up": ({"storage": {"prefix": "a/../b"}}, r"storage\.prefix"),
    "a bucket with a path": ({"storage": {"bucket": "b/c"}}, r"storage\.bucket"),
    "a repository above": ({"github": {"build_repository": "acme/.."}}, r"build_repository"),
    "a branch above": ({"github": {"default_branch": "a/../b"}}, r"default_branch"),
    "a branch's lock": ({"github": {"default_branch": "main.lock"}}, r"default_branch"),
    "a user's ARN": (
        {"sagemaker": {"pipeline_role_arn": "arn:aws:iam::111122223333:user/x"}},
        r"pipeline_role_arn",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_facts_that_are_refused(case: str) -> None:
    facts, said = UNUSABLE[case]
    with pytest.raises(UnusableFact, match=said) as refused:
        check_facts(facts, TEMPLATES["regression"].declared_facts)
    only_line(refused.value)


USABLE: list[dict[str, Any]] = [
    {},
    {"project": {}},
    {"project": {"id": None}},
    {"project": {"id": "a_B-9", "profile": "Tabular Regression 2"}},
    {"sagemaker": {"pipeline_role_arn": "arn:aws-us-gov:iam::111122223333:role/service-role/x-y"}},
    {"mlflow": {"tracking_arn": "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-app/app-1"}},
    {"github": {"build_repository": "acme-ml/.github", "default_branch": "release/1.x"}},
    {"storage": {"bucket": "a.b-c", "prefix": "dzd_1/p-1/dev"}},
    {"stages": {"prod": {"account_id": "111122223333", "region": "us-gov-west-1"}}},
    {"tags": {"cost:center": "ML / 42", "team": ""}},
]


@pytest.mark.parametrize("facts", USABLE, ids=str)
def test_facts_that_are_used(facts: dict[str, Any]) -> None:
    check_facts(facts, TEMPLATES["regression"].declared_facts)


def test_every_declared_fact_has_an_allow_list() -> None:
    for _, path in FACTS:
        assert path in FACT_PATTERNS


def test_missing_facts_are_those_that_stay_null() -> None:
    declared = {"project": {"id": None, "unit": None}, "github": {"branch": "main"}, "tags": {}}
    assert missing_facts({}, declared) == ("project.id", "project.unit")
    assert missing_facts({"project": {"id": "x", "unit": None}}, declared) == ("project.unit",)


def test_unknown_questions_are_named() -> None:
    with pytest.raises(UnknownQuestion, match="does not ask 'nickname', '_facts'; it asks project"):
        complete(TEMPLATES["regression"], {"nickname": "x", "_facts": {}, "metric": "mae"})


@pytest.mark.parametrize("value", [None, 7, ["rmse"], {"a": "b"}, True])
@pytest.mark.parametrize(("template", "question"), QUESTIONS)
def test_an_answer_is_a_text(template: str, question: str, value: object) -> None:
    with pytest.raises(RefusedAnswer, match=f"^{question} = .*an answer is a text"):
        complete(TEMPLATES[template], {question: value})


@pytest.mark.parametrize("template", TEMPLATES)
def test_defaults_pass_their_own_rules(template: str) -> None:
    answers = complete(TEMPLATES[template], {})
    assert list(answers) == [question.name for question in TEMPLATES[template].questions]
    for question in TEMPLATES[template].questions:
        for choice in question.choices:
            assert complete(TEMPLATES[template], {question.name: choice})


def test_a_default_that_breaks_its_rule_is_refused(tmp_path: Path) -> None:
    template = written(tmp_path, one={"project_name": "Demo 1"}).named("one")
    with pytest.raises(RefusedAnswer, match="project_name = 'Demo 1': use letters"):
        complete(template, {})


def test_a_default_that_cannot_be_rendered_is_the_authors_mistake(tmp_path: Path) -> None:
    template = written(tmp_path, one={"project_name": "{{ cookiecutter.other }}"}).named("one")
    with pytest.raises(BrokenCatalog, match="the default of project_name"):
        complete(template, {})


@pytest.fixture
def careless(tmp_path: Path) -> Template:
    """A template whose author's rules admit anything."""
    rules = {name: {"pattern": "(?s).*", "error": "anything"} for name in ("project_name", "size")}
    return written(tmp_path, one={"_rules": rules}).named("one")


@pytest.mark.parametrize(
    "payload", [p for p, value in INJECTIONS.items() if "{" in value or not value.isprintable()]
)
def test_a_careless_rule_lets_no_code_through(careless: Template, payload: str) -> None:
    with pytest.raises(RefusedAnswer, match="project_name = "):
        check_answer(careless.questions[0], INJECTIONS[payload])


def test_cookiecutter_itself_would_run_what_we_refuse(
    careless: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threat is real: were a payload to reach cookiecutter, it would be executed."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedAnswer):
        render(careless, {"project_name": INJECTIONS["command"]})
    assert not (tmp_path / TRACE).exists()
    context = generate_context(
        str(careless.path / "cookiecutter.json"),
        extra_context={"project_name": INJECTIONS["command"]},
    )
    prompt_for_config(context, no_input=True)
    assert (tmp_path / TRACE).exists()


# Admitted by the rules, and awkward in YAML, JSON, TOML or a shell.
AWKWARD: list[dict[str, str]] = [
    {"description": "No: yes, - x; /+_-"},
    {"description": "null"},
    {"project_name": "1e5", "project_slug": "x"},
    {"project_name": "true"},
    {"project_name": "0x10", "project_slug": "x"},
    {"target_column": "no"},
    {"target_column": "a - b"},
    {"owner": "0.1"},
    {"data_source": "s3://bucket/a=1/b=(2)!*"},
]


@pytest.mark.parametrize("answers", AWKWARD, ids=str)
def test_awkward_answers_arrive_unchanged(answers: dict[str, str]) -> None:
    rendering = render(TEMPLATES["regression"], answers)
    for files in rendering.repositories.values():
        config = json.loads(files["cicd-config.json"].content)
        told = config["template"]["answers"]
        assert {name: told[name] for name in answers} == answers
