"""No secret may stand in a configuration, and none that does is ever repeated."""

from __future__ import annotations

import secrets
import string
import sys
from pathlib import Path

import pytest
from conftest import CHECKOUT, run

from config.files import MINIMAL, edited, problems
from generator.config.example_file import example
from generator.config.secrecy import secrets_in

LETTERS = string.ascii_letters + string.digits
# Put together here, so that no scanner of this repository finds what it looks for.
TOKENS = {
    "a GitHub token": ["gh" + "p_" + LETTERS[:36], "github" + "_pat_" + LETTERS[:60], "gh" + "s_"
                       + LETTERS[:36]],
    "a private key": ["-----BEGIN " + "RSA PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----"],
    "an AWS access key id": ["AK" + "IA" + "ABCDEFGHIJKLMNOP", "AS" + "IA" + "ABCDEFGHIJKLMNOP"],
    "an AWS secret access key": ["wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "0123456789"],
    "a GitLab token": ["gl" + "pat-" + LETTERS[:20]],
    "a Slack token or webhook": ["xo" + "xb-" + "123456789012-abc", "https://hooks.slack.com/"
                                 + "services/T0/B0/x"],
    "a JSON web token": ["ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0In0.abc"],
    "a user and a password in an address": ["https://ana:" + "hunter2" + "@example.com"],
}  # fmt: skip
PAIRS = [(kind, token) for kind, tokens in TOKENS.items() for token in tokens]
PLACES = {
    "value": 'token_secret = "{}"\n',
    "name": '"{}" = 1\n',
    "comment": 'token_secret = "aiops/github"  # {}\n',
    "item": 'token_secret = "aiops/github"\ntopics = ["aiops",\n "{}"]\n',
    "reviewer": 'token_secret = "aiops/github"\nreviewers.prod = ["{}"]\n',
    "pattern": 'token_secret = "aiops/github"\ndeploy_repository = "{}"\n',
    "tag": 'token_secret = "aiops/github"\n[tags]\n"{}" = "x"\n',
    "table": '[tenants."{}"]\ntest = 1\n',
    "not-toml": '{}\n',
}  # fmt: skip
TOKEN_LINE = 'token_secret = "aiops/github"\n'


@pytest.mark.parametrize(("kind", "token"), PAIRS)
def test_a_secret_is_found_and_not_shown(kind: str, token: str, tmp_path: Path) -> None:
    for place, form in PLACES.items():
        text = edited((TOKEN_LINE, form.format(token)))
        line = text[: text.index(token)].count("\n") + 1
        found = problems(text, tmp_path)
        assert (
            f"{line}: this looks like {kind}: put it into AWS Secrets Manager and write only the"
            " secret's ARN here; revoke it, as others may have read this file"
        ) in found, place
        assert token not in "\n".join(found), place


@pytest.mark.parametrize("key", ["token_secret", "secrets.PAGER"])
def test_what_stands_where_a_secrets_name_belongs_is_never_shown(key: str, tmp_path: Path) -> None:
    """Whoever made this mistake may have written the secret itself, whatever it looks like."""
    for wrong in ("hunter2!", "p ä s s", secrets.token_hex(20), secrets.token_hex(16)):
        (found,) = problems(edited((TOKEN_LINE, f'{key} = "{wrong}"\n')), tmp_path)[-1:]
        assert "in AWS Secrets Manager, never a secret's value" in found
        assert wrong not in found


def test_nothing_harmless_is_taken_for_a_secret() -> None:
    harmless = [
        example(),
        MINIMAL,
        f'ref = "{secrets.token_hex(20)}"',
        'token_secret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:aiops/Github1-a1b2"',
        'repository = "https://github.com/acme-ml/TemplatesForMachineLearningProjects2026"',
        'emails = ["ml-platform@example.com"]',
        'build_role = "arn/of/Roles/Of/Team1/{project_id}-{stage}-{tenant}-aaaaaaaaaaaaaa"',
        'provider = "arn:aws:iam::222233334444:oidc-provider/token.actions.githubusercontent.com"',
    ]
    assert [list(secrets_in(text)) for text in harmless] == [[]] * len(harmless)


def test_the_command_prints_no_secret(tmp_path: Path) -> None:
    token = TOKENS["a GitHub token"][0]
    text = edited(("aiops/github", token), ('"app"', f'"{token}"'))
    (tmp_path / "aiops.toml").write_text(text)
    command = (sys.executable, "-m", "generator", "config", "check", "aiops.toml")
    done = run(*command, cwd=tmp_path, PYTHONPATH=str(CHECKOUT))
    assert done.returncode == 2
    assert token not in done.stdout
    assert done.stdout.count("this looks like a GitHub token") == 2
