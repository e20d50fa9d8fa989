"""Everything that the scenes play on: AWS, DataZone, GitHub, a registry, and the control plane."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from generator.config import Config, load
from generator.demo.commands import environment as plain_environment
from generator.standins.datazone import DataZoneStandIn, stand_in
from generator.standins.github import GitHubStandIn
from tests.chain import bundle
from tests.chain.deployment import Deployed, deploy, stacks_of
from tests.chain.emulator import GUARD, Emulator
from tests.chain.environments import CHECKOUT, architecture, environment, lambda_runtime
from tests.chain.github import AppSecret, furnish
from tests.chain.observation import Inbox, Machine
from tests.chain.registry import Registry
from tests.generator.generator_stage import read_event

GOVERNANCE, SHARED = "111122223333", "222233334444"
CONFIGURATION = Path(__file__).with_name("aiops.toml")
PAGER = "https://pager.example/canary-5c1e0f-never-to-be-seen"
SYNTH_SECONDS = 180.0
Say = Callable[[str], None]


@dataclass
class Stage:
    """What stands. app_key and PAGER are the secrets that nobody may see."""

    folder: Path
    emulator: Emulator
    datazone: DataZoneStandIn
    github: GitHubStandIn
    registry: Registry
    config: Config
    app_key: AppSecret
    stacks: Mapping[str, Deployed]
    tools: Path
    say: Say

    def __post_init__(self) -> None:
        self.seeding = Machine(self.emulator, SHARED, "aiops-seed-project")
        self.telling = Machine(self.emulator, SHARED, "aiops-tell-failure")
        self.notifications = Inbox(self.emulator, SHARED, "told-to-people")
        self.announcements = Inbox(self.emulator, SHARED, "told-to-the-bus")
        topic = self.stacks["aiops-control-plane"].outputs["TopicArn"]
        self.emulator.client("sns", SHARED).subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self.notifications.arn
        )
        events = self.emulator.client("events", SHARED)
        bus = {"EventBusName": "aiops-projects"}
        pattern = json.dumps({"source": ["aiops.generator"]})
        events.put_rule(Name="listen", EventPattern=pattern, **bus)
        targets = [{"Id": "inbox", "Arn": self.announcements.arn}]
        events.put_targets(Rule="listen", Targets=targets, **bus)

    def stand(self, event: Mapping[str, Any], name: str, profile: str) -> None:
        """Let DataZone know the project of an event, and no other; it is ready."""
        known = stand_in(_in_account(event, SHARED), name, profile)
        self.datazone.records, self.datazone.operations = known.records, known.operations

    def put(self, event: Mapping[str, Any], account: str) -> None:
        """Send an event as its service does: to the default bus of the account it happens in."""
        done = self.emulator.client("events", account).put_events(
            Entries=[
                {
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                    "Resources": event.get("resources", []),
                }
            ]
        )
        assert done["FailedEntryCount"] == 0, done["Entries"]


@contextmanager
def stage(folder: Path, say: Say) -> Iterator[Stage]:
    """Build the zip, write the stacks, start everything and deploy; end everything afterwards."""
    with ExitStack() as standing:
        tools = environment("ministack")
        github = standing.enter_context(GitHubStandIn(folder / "github"))
        datazone = standing.enter_context(stand_in(read_event()))
        registry = standing.enter_context(Registry(SHARED))
        others = {
            "AWS_ENDPOINT_URL_DATAZONE": datazone.url,
            "AWS_ENDPOINT_URL_SAGEMAKER": registry.url,
        }
        emulator = standing.enter_context(Emulator(tools, folder / "aws", others))
        app_key = furnish(github)
        emulator.ready()
        say(f"AWS (MiniStack, IAM enforced) {emulator.url}; GitHub {github.url};")
        say(f"DataZone {datazone.url}; SageMaker's registry {registry.url}")
        secrets = emulator.client("secretsmanager", SHARED)
        stored = {
            name: secrets.create_secret(Name=f"aiops/{name}", SecretString=value)["ARN"]
            for name, value in (("github", app_key.document), ("pager", PAGER))
        }
        file = folder / "aiops.toml"
        file.write_text(
            Template(CONFIGURATION.read_text()).substitute(
                github=github.url, token_secret=stored["github"], pager_secret=stored["pager"]
            )
        )
        stacks = _deployed(folder, file, emulator, say)
        yield Stage(
            folder, emulator, datazone, github, registry, load(file), app_key, stacks, tools, say
        )


def _in_account(event: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Return the event as if the project's own account were `account`."""
    return {**event, "account": account}


def _deployed(folder: Path, config: Path, emulator: Emulator, say: Say) -> dict[str, Deployed]:
    runtime = lambda_runtime(folder / "runtime", GUARD)
    started = time.monotonic()
    package = bundle.build(config.read_bytes(), folder / "dist", runtime)
    size, seconds = package.stat().st_size / 1e6, time.monotonic() - started
    say(f"the functions' zip for Python {runtime.version}: {size:.1f} MB in {seconds:.0f} s")
    started = time.monotonic()
    _synthesize(config, package, folder / "cdk.out")
    stacks = stacks_of(folder / "cdk.out")
    seconds = time.monotonic() - started
    say(f"{len(stacks)} stacks, clean for cdk-nag and cfn-lint, in {seconds:.0f} s")
    deployed = {}
    for stack in stacks:
        deployed[stack.name] = done = deploy(stack, emulator, runtime)
        say(f"deployed {done.name} to {done.account}: {len(done.resources)} resources")
    return deployed


def _synthesize(config: Path, package: Path, output: Path) -> None:
    """Do what `make synth` does, with this configuration and zip."""
    command = [
        *(str(environment("infrastructure")), "-m", "generator.infrastructure"),
        *("--config", str(config), "--arch", architecture(), "--package", str(package)),
        *("--output", str(output)),
    ]
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=SYNTH_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
