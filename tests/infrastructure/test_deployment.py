"""`make deploy`: what was synthesized goes to the account that is signed in to, nowhere else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT

from generator.config import example
from generator.errors import InputError
from generator.infrastructure.configuration import Configuration, read_configuration
from generator.infrastructure.deployment import __main__ as command
from generator.infrastructure.deployment.assembly import read_stacks
from generator.infrastructure.deployment.cdk import CLI, command_line
from generator.infrastructure.origin import Origin, origin_of
from infrastructure.account_server import AccountServer

pytestmark = pytest.mark.xdist_group("infrastructure")

GOVERNANCE, SHARED, OTHER = "111122223333", "222233334444", "555566667777"
# In the place of the CDK's command line: notes how it was called.
RECORDER = """
const fs = require("fs");
fs.appendFileSync(__dirname + "/calls", JSON.stringify(process.argv.slice(2)) + "\\n");
if (fs.existsSync(__dirname + "/fail")) { console.error("CREATE_FAILED"); process.exit(1); }
"""


class Deployer:
    """A folder with stacks and their configuration, from which the command is run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.output = folder, folder / "cdk.out"
        self._monkeypatch = monkeypatch
        self._cli = folder / CLI
        self._cli.parent.mkdir(parents=True)
        self._cli.write_text(RECORDER)
        self.config = folder / "aiops.toml"
        self.config.write_text(example())
        monkeypatch.chdir(folder)
        monkeypatch.setattr(command, "CHECKOUT", folder)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
        for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)

    @contextmanager
    def signed_in(
        self, account: str, bootstrap: int | None = 30, *, expired: bool = False
    ) -> Iterator[AccountServer]:
        with AccountServer(account, bootstrap, expired=expired) as server:
            for name, value in server.environment.items():
                self._monkeypatch.setenv(name, value)
            yield server

    def fail(self) -> None:
        (self._cli.parent / "fail").touch()

    @property
    def calls(self) -> list[list[str]]:
        found = self._cli.parent / "calls"
        return (
            [json.loads(line) for line in found.read_text().splitlines()] if found.exists() else []
        )


@pytest.fixture
def deployer(assemblies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployer:
    """With the stacks of the example as if they were an organization's own."""
    made = Deployer(tmp_path, monkeypatch)
    shutil.copytree(assemblies / "full", made.output)
    origin_of(read_configuration(made.config)).write(made.output)
    return made


def test_stacks_come_after_those_that_they_need(assemblies: Path) -> None:
    names = [stack.name for stack in read_stacks(assemblies / "full")]
    assert names[:3] == ["aiops-control-plane", "aiops-governance", "aiops-approval"]
    assert all(name.startswith("aiops-github-identity-") for name in names[3:])
    places = {stack.name: stack.place for stack in read_stacks(assemblies / "full")}
    assert places[f"aiops-github-identity-{OTHER}"].region == "eu-central-1"


def test_the_command_line_that_is_pinned_reads_them(assemblies: Path, tmp_path: Path) -> None:
    """As they are, from a folder whose name a shell would not leave alone."""
    folder = tmp_path / "cdk out; touch pwned"
    shutil.copytree(assemblies / "full", folder)
    done = subprocess.run(
        [*command_line(CHECKOUT), "list", "--app", folder, "--no-notices"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == {stack.name for stack in read_stacks(folder)}
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_it_takes_a_stack_by_name_before_the_options(assemblies: Path) -> None:
    """And not after "--", where it would mean all stacks: so the recorded calls below are right."""
    options = ["--app", str(assemblies / "full"), "--exclusively", "--no-notices"]
    done = subprocess.run(
        [*command_line(CHECKOUT), "diff", "aiops-governance", *options],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"},
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"calls for account {GOVERNANCE}" in said
    assert SHARED not in said


def test_the_stacks_of_the_account_that_is_signed_in_to_are_deployed(
    deployer: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployer.signed_in(SHARED) as server:
        assert command.main(["deploy"]) == 0
    ours = ["aiops-control-plane", "aiops-approval", f"aiops-github-identity-{SHARED}"]
    assert [call[:2] for call in deployer.calls] == [["deploy", name] for name in ours]
    for call in deployer.calls:
        assert call[2:5] == ["--app", str(deployer.output), "--exclusively"]
        assert call[-2:] == ["--require-approval", "broadening"]
    assert set(server.regions) == {"eu-west-1"}
    rest = capsys.readouterr().out.split("in this order:\n")[1].splitlines()
    assert rest[0].split()[:2] == ["aiops-governance", GOVERNANCE]
    assert len(rest) == 7


def test_one_stack_alone_in_its_own_region(deployer: Deployer) -> None:
    with deployer.signed_in(OTHER) as server:
        name = f"aiops-github-identity-{OTHER}"
        assert command.main(["deploy", "--stack", name, "--yes"]) == 0
    ((action, stack, *options),) = deployer.calls
    assert (action, stack) == ("deploy", name)
    assert options[-2:] == ["--require-approval", "never"]
    assert server.regions == ["eu-central-1"]


def test_a_difference_changes_nothing_and_asks_nothing(deployer: Deployer) -> None:
    with deployer.signed_in(GOVERNANCE):
        assert command.main(["diff"]) == 0
    ((action, stack, *options),) = deployer.calls
    assert (action, stack) == ("diff", "aiops-governance")
    assert "--require-approval" not in options


def test_an_account_is_set_up_before_it_is_needed(deployer: Deployer) -> None:
    with deployer.signed_in(SHARED, bootstrap=None):
        assert command.main(["bootstrap"]) == 0
    ((action, place, *_),) = deployer.calls
    assert (action, place) == ("bootstrap", f"aws://{SHARED}/eu-west-1")


Refused = tuple[Callable[[Deployer], Any], list[str], str]
REFUSED: dict[str, Refused] = {
    "no credentials": (
        lambda deployer: None,
        [],
        "there are no AWS credentials; sign in to the account of the stack",
    ),
    "another stack": (
        lambda deployer: None,
        ["--stack", "aiops-chess; rm -rf /"],
        "--stack 'aiops-chess; rm -rf /': there is no such stack; there are aiops-control-plane,",
    ),
    "another configuration": (
        lambda deployer: deployer.config.write_text(example() + "\n# changed\n"),
        [],
        "are of another configuration: run make synth with this one",
    ),
    "no configuration": (
        lambda deployer: deployer.config.unlink(),
        [],
        "there is no aiops.toml: the example is used",
    ),
    "unfinished": (
        lambda deployer: (deployer.output / "origin.json").unlink(),
        [],
        "has no stacks that make synth has finished",
    ),
    "no stacks": (
        lambda deployer: shutil.rmtree(deployer.output),
        [],
        "'cdk.out' has no stacks that can be deployed (FileNotFoundError): run make synth",
    ),
    "no manifest": (
        lambda deployer: (deployer.output / "manifest.json").write_text('{"artifacts": {"x": 1}}'),
        [],
        "has no stacks that can be deployed (TypeError)",
    ),
}


@pytest.mark.parametrize(("prepare", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_deployed_is_refused_with_the_fix(
    deployer: Deployer,
    prepare: Callable[[Deployer], Any],
    options: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prepare(deployer)
    assert command.main(["deploy", *options]) == 2
    assert said in capsys.readouterr().err
    assert deployer.calls == []


@pytest.mark.parametrize("action", ["deploy", "diff", "bootstrap"])
def test_a_stack_of_another_account_is_refused(
    deployer: Deployer, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployer.signed_in(SHARED):
        assert command.main([action, "--stack", "aiops-governance"]) == 2
    said = capsys.readouterr().err
    assert f"belong to account {SHARED}, but aiops-governance to {GOVERNANCE}: sign in" in said
    assert deployer.calls == []


def test_credentials_that_have_expired_are_told(
    deployer: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployer.signed_in(SHARED, expired=True):
        assert command.main(["deploy"]) == 2
    assert "token included in the request is expired" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "said"), {None: "is not set up for the CDK", 5: "has version 5"}.items()
)
def test_an_account_that_the_cdk_does_not_know_is_told_before_anything_is_done(
    deployer: Deployer, version: int | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployer.signed_in(SHARED, version):
        assert command.main(["deploy"]) == 2
    told = capsys.readouterr().err
    assert f"account {SHARED}, region eu-west-1, {said}; version 6 is needed" in told
    assert "run make bootstrap STACK=aiops-control-plane" in told
    assert deployer.calls == []


def test_the_first_failure_ends_it(deployer: Deployer, capfd: pytest.CaptureFixture[str]) -> None:
    deployer.fail()
    with deployer.signed_in(SHARED):
        assert command.main(["deploy"]) == 1
    said = capfd.readouterr().err
    assert said.index("CREATE_FAILED") < said.index("cdk deploy aiops-control-plane failed")
    assert len(deployer.calls) == 1


def test_the_order_is_shown_without_an_account(
    deployer: Deployer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["aiops-control-plane", SHARED, "eu-west-1"]
    assert lines[1].endswith("after aiops-control-plane")
    assert lines[-1].endswith("project-roles.template.json")
    assert len(lines) == len(read_stacks(deployer.output)) + 1


def test_without_the_command_line_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run make setup"):
        command_line(tmp_path)


def test_a_synthesis_notes_its_configuration(assemblies: Path) -> None:
    assert Origin.read(assemblies / "full").is_example
    minimal = read_configuration(Path(__file__).with_name("minimal.toml"))
    assert Origin.read(assemblies / "minimal") == origin_of(minimal)
    other = Configuration(minimal.config, minimal.content + b"\n", is_example=False)
    assert Origin.read(assemblies / "minimal") != origin_of(other)


@pytest.mark.parametrize("target", ["deploy", "diff", "bootstrap"])
def test_make_hands_values_over_as_they_are(target: str) -> None:
    """No shell reads what is in STACK and CONFIG: they are in the environment."""
    hostile = "'; touch pwned; '"
    done = subprocess.run(
        ["make", "--dry-run", target, f"STACK={hostile}", f"CONFIG={hostile}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pwned" not in done.stdout
    assert '--stack "$STACK"' in done.stdout
    assert '--config "$CONFIG"' in done.stdout
