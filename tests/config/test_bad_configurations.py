"""Every way in which a configuration can be wrong, with the exact message and its line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from config.files import MINIMAL, edited, problems


class Bad(NamedTuple):
    """A name, what is changed in MINIMAL (or appended, when first), and the problems by line."""

    id: str
    changes: tuple[tuple[str, str], ...]
    expected: tuple[str, ...]


GITHUB = 'token_secret = "aiops/github"\n'
BELOW = (GITHUB, GITHUB)


def below(id: str, text: str, *expected: str) -> Bad:
    """`text` follows MINIMAL, whose last line is 13: its first line is 14."""
    return Bad(id, ((GITHUB, GITHUB + text),), expected)


def change(id: str, old: str, new: str, *expected: str) -> Bad:
    return Bad(id, ((old, new),), expected)


ACCOUNT_FIX = 'write the 12 digits of an AWS account, such as "111122223333"'
REGION_FIX = 'write an AWS region, such as "eu-west-1"'
SECRET_FIX = "write the ARN or the name of a secret in AWS Secrets Manager, never a secret's value"
PIN_FIX = 'write a tag, such as "v1.4.0", or all 40 digits of a commit'
TEMPLATES = '[templates]\nrepository = "https://github.com/acme-ml/templates"\n'
REVIEWER_FIX = 'write a user, such as "@octocat", or a team, such as "@acme-ml/governance"'
BIG = 'test = { account = "444455556666", region = "eu-west-1" }\n'

ROWS = [
    # What is not there, not TOML, or of another type
    Bad(
        "empty",
        ((MINIMAL, ""),),
        (
            "1: github.organization: is missing; write its name as in its address on GitHub,"
            ' such as "acme-ml"; or give user',
            '1: github.auth: is missing; write "app" or "token"',
            f"1: github.token_secret: is missing; {SECRET_FIX}",
            "1: governance.domains: is missing; list the domains to serve, or give organization_id",
            f"1: governance.account: is missing; {ACCOUNT_FIX}",
            f"1: governance.region: is missing; {REGION_FIX}",
            f"1: shared_services.account: is missing; {ACCOUNT_FIX}",
            f"1: shared_services.region: is missing; {REGION_FIX}",
        ),
    ),
    change(
        "not-toml",
        'account = "222233334444"',
        "account 222233334444",
        "7: this is not TOML in column 9: Expected '=' after a key in a key/value pair",
    ),
    below("unfinished", "[tags", "14: this is not TOML at the end: Expected ']' at the end of a"
          " table declaration"),
    below("twice", '[github]\nuser = "x"', "14: this is not TOML in column 8: Cannot declare"
          " ('github',) twice"),
    change("number-for-text", '"111122223333"', "111122223333",
           "2: governance.account = 111122223333: write it in quotes"),
    change("date-for-text", '"111122223333"', "2026-11-22",
           "2: governance.account = datetime.date(2026, 11, 22): write a text in quotes"),
    change("text-for-list", '["dzd_4q7x2m9k1b3c5d"]', '"dzd_4q7x2m9k1b3c5d"',
           "4: governance.domains = 'dzd_4q7x2m9k1b3c5d': write a list: [\"...\", \"...\"]"),
    change("text-for-table", "[github]\n", "[github]\nreviewers = 'ana'\n",
           "11: github.reviewers: is not a table; write [github.reviewers] and its keys below"),
    below("list-of-tables", "[[tags]]\na = 1",
          "14: tags: is not a table; write [tags] and its keys below"),
    below("text-for-flag", 'protect_default_branch = "yes"',
          "14: github.protect_default_branch = 'yes': write true or false, without quotes"),
    below("flag-for-text", "visibility = true",
          '14: github.visibility = true: write "private" or "internal" or "public"'),
    # Keys that there are not
    below("near-key", "topic = []", "14: github.topic: is not a known key; did you mean topics?"),
    below("british-key", 'organisation = "a"',
          "14: github.organisation: is not a known key; did you mean organization?"),
    below("far-key", "[wait]\ncolour = 1",
          "15: wait.colour: is not a known key; known are backoff_rate, first_seconds,"
          " limit_minutes, longest_seconds"),
    below("near-section", "[tenant.retail]",
          "14: tenant: is not a known key; did you mean tenants?"),
    below("a-token-key", 'token = "x"',
          "14: github.token: a token does not belong here: put it into AWS Secrets Manager and"
          " write that secret's ARN as token_secret"),
    below("quoted-key", '"to.pics" = []',
          '14: github."to.pics": is not a known key; did you mean topics?'),
    # Accounts, regions, domains
    change("short-account", '"111122223333"', '"1111"',
           f"2: governance.account = '1111': {ACCOUNT_FIX}"),
    change("region", 'region = "eu-west-1"\ndomains', 'region = "Ireland"\ndomains',
           f"3: governance.region = 'Ireland': {REGION_FIX}"),
    change("domain", '"dzd_4q7x2m9k1b3c5d"', '"dzd_4q7x2m9k1b3c5d", "d-1"',
           "4: governance.domains[2] = 'd-1': write the id of a DataZone domain, such as"
           ' "dzd_4q7x2m9k1b3c5d"'),
    change("domain-twice", '"dzd_4q7x2m9k1b3c5d"', '"dzd_4q7x2m9k1b3c5d",\n"dzd_4q7x2m9k1b3c5d"',
           "5: governance.domains[2] = 'dzd_4q7x2m9k1b3c5d': is listed twice; remove one"),
    change("no-domains", '["dzd_4q7x2m9k1b3c5d"]', "[]",
           "4: governance.domains: is empty; list the domains to serve, or leave the key out"),
    change("organization-id", "domains", 'organization_id = "acme"\ndomains',
           "4: governance.organization_id = 'acme': write the id of the AWS organization, such as"
           ' "o-a1b2c3d4e5"'),
    change("partition", 'region = "eu-west-1"\n\n[git', 'region = "cn-north-1"\n\n[git',
           "3: governance.region = 'eu-west-1': is in the partition aws, and"
           " shared_services.region in aws-cn; all accounts must be in one"),
    # GitHub
    change("owner", '"acme-ml"', '"acme ml"',
           "11: github.organization = 'acme ml': write its name as in its address on GitHub,"
           ' such as "acme-ml"'),
    below("two-owners", 'user = "ana"',
          "14: github.user = 'ana': organization is given too; one account owns the repositories"),
    change("auth", '"app"', '"apps"',
           '12: github.auth = \'apps\': write "app" or "token"; did you mean "app"?'),
    below("http", 'api_url = "http://github.example.com/api/v3"',
          "14: github.api_url = 'http://github.example.com/api/v3': only https keeps a token"
          " secret"),
    below("ssh", 'git_url = "git@github.com"',
          "14: github.git_url = 'git@github.com': write an address without user and query, such as"
          ' "https://github.example.com/api/v3"'),
    below("topic", 'topics = ["ML models"]',
          "14: github.topics[1] = 'ML models': write a topic of at most 50 lower-case letters,"
          " digits and hyphens"),
    below("topics", f"topics = {[f't{n}' for n in range(20)]}",
          "14: github.topics: has 20 entries; at most 19 are possible"),
    Bad(
        "internal-user",
        (('organization = "acme-ml"', 'user = "ana"\nvisibility = "internal"'),),
        ("12: github.visibility = 'internal': only an organization has internal repositories",),
    ),
    below("reviewer", '[github.reviewers]\nprod = ["@a/b/c"]',
          f"15: github.reviewers.prod[1] = '@a/b/c': {REVIEWER_FIX}"),
    below("foreign-team", '[github.reviewers]\nprod = ["@ana", "@other/team"]',
          "15: github.reviewers.prod[2] = '@other/team': only a team of github.organization can"
          " review"),
    below("reviewers", f"[github.reviewers]\nprod = {[f'@u{n}' for n in range(7)]}",
          "15: github.reviewers.prod: has 7 entries; at most 6 are possible"),
    below("reviewed-stage", '[github.reviewers]\nproduction = ["@ana"]',
          "15: github.reviewers.production: is not a known key; did you mean prod?"),
    below("secret-name", '[github.secrets]\nGITHUB_X = "arn:aws:secretsmanager:eu-west-1:'
          '222233334444:secret:x"',
          "15: github.secrets.GITHUB_X: a GitHub secret is named with letters, digits and _, and"
          " does not start with GITHUB_"),
    below("secret-value", '[github.secrets]\nPAGER = "hunter2"',
          "15: github.secrets.PAGER: write the ARN of a secret in AWS Secrets Manager, never a"
          " secret's value"),
    change("token-secret", '"aiops/github"', '"0123456789abcdef0123456789abcdef01234567"',
           f"13: github.token_secret: {SECRET_FIX}"),
    # Patterns of names
    below("placeholder", 'deploy_repository = "{project_name}-deploy"',
          "14: github.deploy_repository = '{project_name}-deploy': there is no placeholder"
          " {project_name}; there are {project_id}, {domain_id}"),
    below("brace", 'deploy_repository = "{project_id}-{"',
          "14: github.deploy_repository = '{project_id}-{': a brace does not belong to a"
          " placeholder; there are {project_id}, {domain_id}"),
    below("format", 'deploy_repository = "{project_id.__class__}"',
          "14: github.deploy_repository = '{project_id.__class__}': a brace does not belong to a"
          " placeholder; there are {project_id}, {domain_id}"),
    below("one-for-all", 'deploy_repository = "{domain_id}-deploy"',
          "14: github.deploy_repository = '{domain_id}-deploy': put {project_id} into it, so that"
          " every project has its own"),
    below("long-repository", f'deploy_repository = "{{project_id}}-{{domain_id}}-{"x" * 24}"',
          f"14: github.deploy_repository = '{{project_id}}-{{domain_id}}-{'x' * 24}': the name of a"
          " GitHub repository has at most 100 characters, and this can give 102: shorten it by 2"),
    below("git-repository", 'deploy_repository = "{project_id}.git"',
          "14: github.deploy_repository = '{project_id}.git': it gives '-_.git', which is not the"
          " name of a GitHub repository"),
    below("slash", 'deploy_repository = "aiops/{project_id}"',
          "14: github.deploy_repository = 'aiops/{project_id}': it gives 'aiops/-_', which is not"
          " the name of a GitHub repository"),
    below("long-role", '[naming]\ndeploy_role = "aiops-{project_id}-{tenant}"\n[tenants.default]\n'
          '[tenants.a-line-of-business-of-24]\nprofiles = ["x"]',
          "15: naming.deploy_role = 'aiops-{project_id}-{tenant}': the name of an IAM role has at"
          " most 64 characters, and this can give 67: shorten it by 3"),
    below("domain-role", '[naming]\nbuild_role = "{domain_id}-{project_id}"',
          "15: naming.build_role = '{domain_id}-{project_id}': the name of an IAM role has at most"
          " 64 characters, and this can give 77: shorten it by 13"),
    below("role-path", '[naming]\nbuild_role = "/aiops/{project_id}"',
          "15: naming.build_role = '/aiops/{project_id}': the part before the last / is not a path"
          " of IAM roles"),
    below("project-in-path", '[naming]\nbuild_role = "{project_id}/build"',
          "15: naming.build_role = '{project_id}/build': put {project_id} into it, so that every"
          " project has its own"),
    below("prefix", '[naming]\nprefix = "AIOps"',
          "15: naming.prefix = 'AIOps': write at most 16 lower-case letters, digits and hyphens,"
          " starting with a letter"),
    # Profiles and answers
    below("same-profile", '[profiles]\n"ML Regression" = "regression"\nml_regression = "rag"',
          "16: profiles.ml_regression: is the same profile as 'ML Regression' on line 15: case,"
          " spaces and punctuation do not count; remove one"),
    below("template", '[profiles]\nRegression = "Regression"',
          "15: profiles.Regression = 'Regression': write the name of a template, such as"
          ' "regression"'),
    below("profile", '[profiles]\n"{{x}}" = "regression"',
          '15: profiles."{{x}}": write the name of a project profile, at most 64 characters'),
    below("answer", '[answers.regression]\nowner = "{{ x }}"',
          "15: answers.regression.owner = '{{ x }}': write one line of ASCII without braces"),
    below("answers", '[answers]\nregression = "rmse"',
          "15: answers.regression: is not a table; write [answers.regression] and its keys below"),
    # Tenants
    below("tenant-name", f"[tenants.Retail]\nprofiles = []\n{BIG}",
          "14: tenants.Retail: name a tenant with at most 24 lower-case letters, digits and"
          " hyphens"),
    below("nobody's", f"[tenants.retail]\n{BIG}",
          "14: tenants.retail: no project can belong to it: list its domain_units or its profiles,"
          " or call it default"),
    below("everybody's", f"[tenants.default]\nprofiles = ['x']\n{BIG}",
          "15: tenants.default.profiles: the tenant default has all projects that no other tenant"
          " has: remove"),
    below("domain-unit", f"[tenants.retail]\ndomain_units = ['Retail']\n{BIG}",
          "15: tenants.retail.domain_units[1] = 'Retail': write the id of a domain unit, not its"
          " name"),
    below("shared-unit", "[tenants.a]\ndomain_units = ['u1']\n[tenants.b]\n"
          "domain_units = ['u2',\n 'u1']\n",
          "18: tenants.b.domain_units[2] = 'u1': the tenant a on line 14 has it too, and a project"
          " belongs to one only; remove one"),
    below("shared-profile", "[tenants.a]\nprofiles = ['ML-X']\n[tenants.b]\nprofiles = ['ml x']\n",
          "17: tenants.b.profiles[1] = 'ml x': the tenant a on line 14 has it too, and a project"
          " belongs to one only; remove one"),
    below("foreign-profile", "[profiles]\nA = 'regression'\n[tenants.a]\nprofiles = ['A', 'B']\n",
          "17: tenants.a.profiles[2] = 'B': is not in [profiles]; add it there, or remove it here"),
    below("half-stage", "[tenants.a]\nprofiles = ['x']\nprod = { region = 'eu-west-1' }",
          f"16: tenants.a.prod.account: is missing; {ACCOUNT_FIX}"),
    below("stage-name", "[tenants.a]\nprofiles = ['x']\nprd = { region = 'eu-west-1' }",
          "16: tenants.a.prd: is not a known key; did you mean prod?"),
    below("account-in-tenant", "[tenants.a]\nprofiles = ['x']\naccount = '111122223333'",
          "16: tenants.a.account: belongs into dev, test or prod"),
    below("tenant-partition", "[tenants.a]\nprofiles = ['x']\n"
          "prod = { account = '111122223333', region = 'us-gov-east-1' }",
          "16: tenants.a.prod.region = 'us-gov-east-1': is in the partition aws-us-gov, and"
          " shared_services.region in aws; all accounts must be in one"),
    below("one-role-two-stages", "[tenants.a]\nprofiles = ['x']\ndeploy_role = 'd-{project_id}'\n"
          "test = { account = '444455556666', region = 'eu-west-1' }\n"
          "prod = { account = '444455556666', region = 'eu-west-1' }",
          "18: tenants.a.prod: its deploy_role 'd-{project_id}' is the same role as test's"
          " deploy_role in account 444455556666; put {stage} into the pattern, and name the two"
          " roles differently"),
    below("one-role-two-uses", "[tenants.a]\nprofiles = ['x']\n"
          "test = { account = '444455556666', region = 'eu-west-1', build_role = 'b/{project_id}',"
          " deploy_role = 'd/{project_id}' }",
          "16: tenants.a.test: its deploy_role 'd/{project_id}' is the same role as test's"
          " build_role in account 444455556666; put {stage} into the pattern, and name the two"
          " roles differently"),
    # The rest
    below("wait", "[wait]\nlimit_minutes = 0\nbackoff_rate = '2'\nfirst_seconds = 1.5",
          "15: wait.limit_minutes = 0: write a whole number from 1 to 1440",
          "16: wait.backoff_rate = '2': write a number from 1 to 10",
          "17: wait.first_seconds = 1.5: write a whole number from 1 to 3600"),
    below("not-a-number", "[wait]\nbackoff_rate = nan",
          "15: wait.backoff_rate = nan: write a number from 1 to 10"),
    below("pauses", "[wait]\nfirst_seconds = 300",
          "15: wait.first_seconds = 300: is more than longest_seconds, which is 120"),
    below("moving-templates", f'{TEMPLATES}ref = "main"',
          f"16: templates.ref = 'main': this is a branch, and a branch moves; {PIN_FIX}"),
    below("branch-key", f'{TEMPLATES}branch = "v1"',
          f"14: templates.ref: is missing; {PIN_FIX}",
          f"16: templates.branch: a branch moves; pin the templates with ref: {PIN_FIX}"),
    below("ref", f'{TEMPLATES}ref = "v1..v2"', f"16: templates.ref = 'v1..v2': {PIN_FIX}"),
    below("templates-folder", f'{TEMPLATES}ref = "v1"\nfolder = "../x"',
          "17: templates.folder = '../x': write a folder inside the repository, such as"
          ' "templates"'),
    below("no-repository", "[templates]\nref = 'v1'",
          "14: templates.repository: is missing; write an address without user and query, such as"
          ' "https://github.example.com/api/v3"'),
    below("own-tag", '[tags]\n"amazondatazonedomain" = "x"',
          "15: tags.amazondatazonedomain: is set from the project itself; remove it"),
    below("aws-tag", '[tags]\n"aws:x" = "x"',
          '15: tags."aws:x": a tag\'s key has at most 128 letters, digits, spaces and'
          " . : / = + @ _ -, and does not start with aws:"),
    below("tag-value", '[tags]\nx = "ü"',
          "15: tags.x = '\\xfc': write a tag's value: at most 256 letters, digits, spaces and"
          " . : / = + @ _ -"),
    below("tags", "[tags]\n" + "".join(f"t{n} = 'x'\n" for n in range(36)),
          "14: tags: has 36 tags; at most 35 are possible"),
    below("email", '[notifications]\nemails = ["ana"]',
          "15: notifications.emails[1] = 'ana': write an e-mail address, such as"
          ' "ml-platform@example.com"'),
    below("one-email", '[notifications]\nemail = "ana@example.com"',
          '15: notifications.email: write a list: emails = ["..."]'),
    below("topic-arn", '[notifications]\ntopic_arn = "ml"',
          "15: notifications.topic_arn = 'ml': write the ARN of a standard SNS topic"),
    below("key-alias", 'secret_keys = ["arn:aws:kms:eu-west-1:222233334444:alias/aiops"]',
          "14: github.secret_keys[1] = 'arn:aws:kms:eu-west-1:222233334444:alias/aiops': write the"
          " ARN of a KMS key, with :key/ in it; an alias does not do"),
    below("reserved", '[functions]\nreserve_concurrency = "no"',
          "15: functions.reserve_concurrency = 'no': write true or false, without quotes"),
    below("deletion", '[deletion]\nrepositories = "delete"',
          '15: deletion.repositories = \'delete\': write "archive" or "keep"'),
    below("oidc", '[oidc]\nexisting = ["import"]',
          "15: oidc.existing[1] = 'import': write the ARN of the OIDC provider that an account has"
          " already"),
    below("oidc-provider", '[oidc]\nprovider = "create"',
          '15: oidc.provider: write a list of ARNs: existing = ["..."]'),
    below("foreign-oidc",
          '[oidc]\nexisting = ["arn:aws:iam::222233334444:oidc-provider/gitlab.com"]',
          "15: oidc.existing[1] = 'arn:aws:iam::222233334444:oidc-provider/gitlab.com': must end"
          " with :oidc-provider/token.actions.githubusercontent.com, who signs for this GitHub"),
    below("joining", '[joining]\ntest = ["test"]',
          "15: joining.test[1] = 'test': write how such a project's name ends, with its separator,"
          ' such as "-test"'),
    below("joining-twice", '[joining]\ntest = ["-t"]\nprod = ["-p", "-T"]',
          "16: joining.prod[2] = '-T': is listed for test too; remove one"),
    below("joining-dev", '[joining]\ndev = ["-dev"]',
          "15: joining.dev: is not a known key; known are prod, test"),
]  # fmt: skip


@pytest.mark.parametrize("bad", ROWS, ids=lambda bad: bad.id)
def test_the_message_names_line_key_value_and_fix(bad: Bad, tmp_path: Path) -> None:
    assert problems(edited(*bad.changes), tmp_path) == list(bad.expected)


def test_all_problems_are_listed_at_once_by_line(tmp_path: Path) -> None:
    text = edited(
        ('"111122223333"', "12"),
        ('"app"', '"apps"'),
        (GITHUB, GITHUB + "[wait]\nlimit_minutes = 0\n[tgas]\n"),
    )
    found = problems(text, tmp_path)
    assert [line.partition(": ")[0] for line in found] == ["2", "12", "15", "16"]


def test_windows_line_ends_and_a_byte_order_mark_do_not_move_lines(tmp_path: Path) -> None:
    text = "\ufeff" + edited(('"app"', '"apps"')).replace("\n", "\r\n")
    assert problems(text, tmp_path) == [
        '12: github.auth = \'apps\': write "app" or "token"; did you mean "app"?'
    ]


def test_the_minimal_configuration_has_no_problem(tmp_path: Path) -> None:
    assert problems(MINIMAL, tmp_path) == []
