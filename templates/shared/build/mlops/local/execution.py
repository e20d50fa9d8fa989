"""Runs a pipeline definition step by step, each when what it waits for has ended."""

import secrets
import string
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops.check.definition import Definition, Step
from mlops.errors import CommandError
from mlops.local.cache import StepCache
from mlops.local.container import open_container
from mlops.local.credentials import advice
from mlops.local.jobs import Job
from mlops.local.outcome import Outcome, Status, StepOutcome
from mlops.local.process import JobFailedError
from mlops.local.processing import process
from mlops.local.progress import Progress
from mlops.local.registration import register
from mlops.local.store import LocalStore, NoObjectsError
from mlops.local.training import train
from mlops.local.values import ExecutionFacts, Values, ValueUnavailableError
from mlops.local.workspace import Workspace
from mlops.previous import basis
from mlops.registry import Registry

_JOBS = {"Processing": process, "Training": train}
_FAILURES = (JobFailedError, ValueUnavailableError, NoObjectsError, CommandError, OSError)


@dataclass(frozen=True)
class Plan:
    """What to run and what to take over.

    `reused` are answers of an earlier run that steps take over unseen. `fresh` are steps that run
    whatever the cache has; with `use_cache` off that is all of them. `credentials` are variables
    for steps that call AWS.
    """

    definition: Definition
    parameters: Mapping[str, Any]
    reused: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    use_cache: bool = True
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


class Execution:
    """One run of a plan in a workspace."""

    def __init__(
        self,
        plan: Plan,
        facts: ExecutionFacts,
        workspace: Workspace,
        registry: Registry,
        progress: Progress,
    ) -> None:
        self.plan = plan
        self.facts = facts
        self.workspace = workspace
        self.store = LocalStore(workspace.store)
        self.registry = registry
        self.progress = progress
        self.values = Values(plan.definition, plan.parameters, facts, self.store)
        self.cache = StepCache(workspace, self.store, facts.pipeline_name)
        self._outcomes: MutableMapping[str, StepOutcome] = {}
        self._closed_branches: set[tuple[str, str]] = set()

    @property
    def directory(self) -> Path:
        """Where the run's steps have their directories."""
        return self.workspace.runs / self.facts.id

    def run(self) -> Outcome:
        """Run every step that the conditions let run; ends at the first that fails.

        An interruption ends the running step with all its processes and counts as a failure.
        """
        begun = time.monotonic()
        reason: str | None = None
        for step in self.plan.definition.order():
            reason = self._step(step)
            if reason is not None:
                break
        for step in self.plan.definition.steps.values():
            self._outcomes.setdefault(step.name, StepOutcome(step.name, step.type, "NotStarted"))
        return Outcome(
            execution_id=self.facts.id,
            status="Failed" if reason is not None else "Succeeded",
            failure_reason=reason,
            seconds=round(time.monotonic() - begun, 3),
            parameters=dict(self.plan.parameters),
            steps=tuple(self._outcomes[name] for name in self.plan.definition.steps),
            answers=dict(self.values.answers),
            basis=basis(self.plan.definition, self.plan.parameters),
        )

    def _step(self, step: Step) -> str | None:
        """Run one step; the reason why the execution failed, if it did."""
        if self._is_skipped(step):
            self._end(step, "Skipped", time.monotonic())
            return None
        self.progress.started(step)
        begun = time.monotonic()
        try:
            note, cached = self._perform(step)
        except KeyboardInterrupt:
            self._end(step, "Failed", begun, note="interrupted")
            return f"{step.name} was interrupted"
        except _FAILURES as error:
            self._end(step, "Failed", begun)
            tail = error.tail if isinstance(error, JobFailedError) else ()
            reason = str(error)
            if not self.plan.credentials:
                reason += advice("\n".join([reason, *tail]))
            self.progress.failed(step, reason, tail, self.directory / step.name / "log.txt")
            return reason if step.type == "Fail" else f"{step.name}: {reason}"
        self._end(step, "Succeeded", begun, cached=cached, note=note)
        return None

    def _is_skipped(self, step: Step) -> bool:
        waits = self.plan.definition.waits_for(step)
        return bool(self._closed_branches & set(step.branches)) or any(
            self._outcomes[name].status == "Skipped" for name in waits if name in self._outcomes
        )

    def _end(
        self, step: Step, status: Status, begun: float, *, cached: bool = False, note: str = ""
    ) -> None:
        seconds = round(time.monotonic() - begun, 3) if status != "Skipped" else 0.0
        outcome = StepOutcome(step.name, step.type, status, seconds, cached)
        self._outcomes[step.name] = outcome
        self.progress.ended(step, outcome, note)

    def _perform(self, step: Step) -> tuple[str, bool]:
        """Do what the step is for: a note on it, and whether an earlier answer was taken."""
        if step.type == "Condition":
            return self._decide(step), False
        if step.type == "Fail":
            raise JobFailedError(str(self.values.resolve(step.arguments["ErrorMessage"])))
        if step.name in self.plan.reused:
            self.values.answers[step.name] = self.plan.reused[step.name]
            return "taken over from an earlier run", True
        request = self.values.resolve(dict(step.arguments))
        if step.type == "RegisterModel":
            answer = register(request, self.registry, self.store)
            self.values.answers[step.name] = answer
            return str(answer["ModelPackageArn"]), False
        if step.type not in _JOBS:
            raise JobFailedError(f"a {step.type} step needs AWS and cannot run on this machine")
        return self._job(step, request)

    def _decide(self, step: Step) -> str:
        holds = all(self.values.holds(item) for item in step.arguments["Conditions"])
        self._closed_branches.add((step.name, "ElseSteps" if holds else "IfSteps"))
        self.values.answers[step.name] = {"Outcome": str(holds)}
        return "holds" if holds else "does not hold"

    def _job(self, step: Step, request: Mapping[str, Any]) -> tuple[str, bool]:
        key = self.cache.key(step, request)
        if key and self.plan.use_cache and step.name not in self.plan.fresh:
            entry = self.cache.find(key, step)
            if entry is not None:
                self.values.answers[step.name] = entry["answer"]
                return f"reused from execution {entry['execution_id']}", True
        root = self.directory / step.name
        place = (root, self.workspace, self.facts.region, self.plan.credentials)
        with open_container(*place) as container:
            job = Job(
                step=step.name,
                container=container,
                store=self.store,
                facts=self.facts,
                on_line=lambda text: self.progress.line(step, text),
            )
            answer = _JOBS[step.type](job, request)
        self.values.answers[step.name] = answer
        if key:
            self.cache.keep(key, self.facts.id, answer)
        return _note(answer), False


def new_facts(pipeline_name: str, region: str, account_id: str) -> ExecutionFacts:
    """Facts of an execution that starts now, with a new id: 12 lower-case letters and digits."""
    letters = string.ascii_lowercase + string.digits
    identity = "".join(secrets.choice(letters) for _ in range(12))
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return ExecutionFacts(identity, pipeline_name, region, account_id, started)


def _note(answer: Mapping[str, Any]) -> str:
    if "ExitMessage" in answer:
        return str(answer["ExitMessage"])
    metrics = answer.get("FinalMetricDataList") or ()
    return "  ".join(f"{item['MetricName']} {item['Value']:.4g}" for item in metrics)
