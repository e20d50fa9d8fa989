"""The dead-letter queues are empty: no event waits for a person."""

from __future__ import annotations

from collections.abc import Iterator

from generator.doctor.accounts import Absent, AwsPlace
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem

OF_GOVERNANCE = ("forward-projects",)
OF_SHARED_SERVICES = ("project-created", "project-deleted", "model-changed", "project-failed")


def forwarding_letters(examination: Examination) -> Iterator[Found]:
    """The queue of the governance account."""
    yield from _look_at(examination, examination.governance, OF_GOVERNANCE)


def letters(examination: Examination) -> Iterator[Found]:
    """The queues of the shared-services account."""
    yield from _look_at(examination, examination.shared, OF_SHARED_SERVICES)


def _look_at(examination: Examination, place: AwsPlace, rules: tuple[str, ...]) -> Iterator[Found]:
    for rule in rules:
        name = f"{examination.names(rule)}-undelivered"
        try:
            url = place.ask("sqs", "get_queue_url", QueueName=name)["QueueUrl"]
            asked = ["ApproximateNumberOfMessages"]
            answer = place.ask("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=asked)
        except Absent:
            yield problem(f"there is no queue {name}", "deploy the control plane: make deploy")
            continue
        waiting = int(answer["Attributes"]["ApproximateNumberOfMessages"])
        if waiting:
            yield problem(
                f"{waiting} events wait in {name}",
                f"read them: aws sqs receive-message --queue-url {url} --attribute-names All"
                " --message-attribute-names All; docs/operations.md says what to do",
            )
        else:
            yield ok(f"{name} is empty")
