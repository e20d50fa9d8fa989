"""The Lambda functions are usable, all of one version, and the account lets enough of them run."""

from __future__ import annotations

from collections.abc import Iterator

from generator.doctor.accounts import Absent, Answer
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, warning
from generator.infrastructure.functions import APPROVAL, DELETION, RESERVED, SEEDING

ALL = (*SEEDING, APPROVAL, DELETION)
# What Lambda keeps for functions without a share of their own (its quotas).
ALWAYS_FREE = 100
QUOTA = "L-B99A9384"


def functions(examination: Examination) -> Iterator[Found]:
    """Each is active, and runs the same code."""
    found: dict[str, Answer] = {}
    missing = []
    for spec in ALL:
        name = examination.names(spec.name)
        try:
            found[name] = examination.shared.ask(
                "lambda", "get_function_configuration", FunctionName=name
            )
        except Absent:
            missing.append(name)
    if missing:
        yield problem(
            f"there is no function {', '.join(missing)}", "deploy the control plane: make deploy"
        )
    for name, one in found.items():
        states = {one.get("State", "Active"), one.get("LastUpdateStatus", "Successful")}
        if not states <= {"Active", "Successful", "Inactive"}:
            why = one.get("StateReason") or one.get("LastUpdateStatusReason") or "no reason given"
            yield problem(f"{name} is {', '.join(sorted(states))}: {why}", "make deploy")
    if len({one.get("CodeSha256") for one in found.values()}) > 1:
        yield problem(
            "the functions run different versions of the code", "deploy all stacks: make deploy"
        )
    elif found and not missing:
        yield ok(f"{len(found)} functions run the same code")


def concurrency(examination: Examination) -> Iterator[Found]:
    """The account's quota leaves room for the functions' shares; new accounts start with 10.

    Where none are reserved, the functions need not wait for a share, but share with all others.
    """
    limits = examination.shared.ask("lambda", "get_account_settings")["AccountLimit"]
    quota, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    wanted = RESERVED if examination.config.reserve_concurrency else 0
    ask = (
        "aws service-quotas request-service-quota-increase --service-code lambda"
        f" --quota-code {QUOTA} --desired-value 1000"
    )
    what = f"{free} of {quota} concurrent executions are not reserved"
    if wanted and quota < wanted + ALWAYS_FREE:
        yield problem(
            f"{what}; the functions reserve {wanted}, and {ALWAYS_FREE} must stay free",
            f"{ask}; or write functions.reserve_concurrency = false",
        )
    elif not wanted and quota < RESERVED:
        yield warning(f"{what}; the functions share them with all others of the account", ask)
    elif wanted and free <= ALWAYS_FREE:
        yield warning(f"{what}: no other function can get a share", ask)
    else:
        yield ok(what)
