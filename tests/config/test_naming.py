"""Patterns of names: what they give fits into the limits, whatever ids DataZone gives."""

from __future__ import annotations

import itertools
import random
import re
import string

import pytest

from generator import patterns
from generator.config.naming import DEPLOY_REPOSITORY, ROLE, NameForm, fill, problems_of

IDS = {
    "project_id": ["p", "-", "_", "-_-", "c1d2e3f4g5h6i7", "p" * 36, "-" * 36, "P_" * 18],
    "domain_id": ["dzd_a", "dzd--", "dzd_4q7x2m9k1b3c5d", "dzd_" + "d" * 36],
    "stage": ["dev", "test", "prod"],
    "tenant": ["t" * 24],
}
# What IAM and GitHub document, written down apart from the code.
LIMITS = {
    "ROLE": (ROLE, re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)),
    "DEPLOY_REPOSITORY": (DEPLOY_REPOSITORY, re.compile(r"[A-Za-z0-9._-]{1,100}")),
}


def test_the_ids_are_ids() -> None:
    assert all(patterns.matches(patterns.PROJECT_ID, id) for id in IDS["project_id"])
    assert all(patterns.matches(patterns.DOMAIN_ID, id) for id in IDS["domain_id"])


def random_pattern(choose: random.Random, form: NameForm) -> str:
    parts = [f"{{{name}}}" for name in form.placeholders]
    letters = string.ascii_letters + string.digits + "._-" * 4
    words = ["".join(choose.choices(letters, k=choose.randrange(12))) for _ in range(4)]
    chosen = choose.sample(parts + words, choose.randrange(1, 5))
    return "-".join(chosen)


@pytest.mark.parametrize("kind", LIMITS)
def test_what_an_accepted_pattern_gives_is_a_name(kind: str) -> None:
    """Both ways: no accepted pattern breaks the limit, and none is refused without a reason."""
    form, limit = LIMITS[kind]
    accepted = refused = 0
    for seed in range(500):
        pattern = random_pattern(random.Random(seed), form)
        names = [
            fill(pattern, dict(zip(IDS, values, strict=True)))
            for values in itertools.product(*IDS.values())
        ]
        usable = all(limit.fullmatch(name) for name in names)
        usable = usable and "{project_id}" in pattern
        if list(problems_of(form, pattern, "t" * 24)):
            refused += 1
            odd = re.search(r"\.(?:git|wiki)$|^\.", pattern)
            assert not usable or odd, pattern
        else:
            accepted += 1
            assert usable, pattern
    assert accepted > 30
    assert refused > 100


def test_patterns_that_people_use() -> None:
    for pattern in ("{project_id}-{domain_id}-deploy-repo", "deploy-{project_id}", "{project_id}"):
        assert list(problems_of(DEPLOY_REPOSITORY, pattern)) == []
    for pattern in ("aiops-{project_id}-{stage}-deploy", "ml/roles/{tenant}/{project_id}-{stage}"):
        assert list(problems_of(ROLE, pattern, "retail")) == []


def test_a_path_of_a_role_has_a_limit() -> None:
    assert list(problems_of(ROLE, f"{'x' * 499}/{{project_id}}")) == []
    assert list(problems_of(ROLE, f"{'x' * 500}/{{project_id}}")) == [
        "the part before the last / is not a path of IAM roles"
    ]


def test_only_placeholders_are_replaced() -> None:
    assert fill("a{stage}b{{x}}", {"stage": "dev", "x": "1"}) == "adevb{1}"
    with pytest.raises(KeyError):
        fill("{stage}", {})
