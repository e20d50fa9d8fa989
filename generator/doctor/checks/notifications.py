"""Somebody hears of failures: the topic has readers who confirmed, and no alarm is on."""

from __future__ import annotations

from collections.abc import Iterator

from generator.config.model import Place
from generator.doctor.accounts import Absent, AwsPlace
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, ok, problem, warning
from generator.infrastructure.names import is_shared_services, topic_arn

PENDING = "PendingConfirmation"


def topic(examination: Examination) -> Iterator[Found]:
    """The topic of the control plane has readers."""
    return _readers(examination, topic_arn(examination.config))


def forwarding_topic(examination: Examination) -> Iterator[Found]:
    """The topic of the governance account has readers, where that is another one."""
    config = examination.config
    if is_shared_services(config, config.governance):
        yield ok("the topic is that of the control plane")
        return
    yield from _readers(examination, topic_arn(config, config.governance))


def _readers(examination: Examination, arn: str) -> Iterator[Found]:
    """Configured addresses are subscribed and confirmed; without any, one reader is enough."""
    # A topic of the organization's own may be anywhere.
    region, account = arn.split(":")[3:5]
    place = examination.accounts.at(Place(account, region))
    subscribe = (
        f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint ADDRESS,"
        " then confirm in the mail that comes"
    )
    try:
        subscriptions = list(
            place.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
        )
    except Absent:
        yield problem(
            f"there is no topic {arn}",
            "correct notifications.topic_arn"
            if arn == examination.config.notifications.topic_arn
            else "deploy the control plane: make deploy",
        )
        return
    pending = [one["Endpoint"] for one in subscriptions if one["SubscriptionArn"] == PENDING]
    confirmed = [one["Endpoint"] for one in subscriptions if one["Endpoint"] not in pending]
    for address in pending:
        yield warning(
            f"{address} has not confirmed the subscription",
            "follow the link in the mail of AWS Notifications; after three days subscribe again:"
            f" {subscribe}",
        )
    known = {endpoint.casefold() for endpoint in (*pending, *confirmed)}
    for address in examination.config.notifications.emails:
        if address.casefold() not in known:
            yield warning(f"{address} is not subscribed", "deploy again: make deploy")
    if not confirmed:
        yield problem("nobody hears of failures: the topic has no confirmed reader", subscribe)
    else:
        yield ok(f"{len(confirmed)} confirmed readers of {arn}")


def alarms(examination: Examination) -> Iterator[Found]:
    """No alarm of the control plane is on."""
    return _alarms(examination.shared, examination.names.prefix)


def forwarding_alarms(examination: Examination) -> Iterator[Found]:
    """No alarm of the governance account's part is on; without its topic nobody else says so."""
    return _alarms(examination.governance, examination.names.prefix)


def _alarms(place: AwsPlace, prefix: str) -> Iterator[Found]:
    on = list(
        place.pages(
            "cloudwatch",
            "describe_alarms",
            "MetricAlarms",
            AlarmNamePrefix=f"{prefix}-",
            StateValue="ALARM",
        )
    )
    for alarm in on:
        cure = alarm.get("AlarmDescription") or "the page Operations has its cure"
        yield problem(f"the alarm {alarm['AlarmName']} is on", cure)
    if not on:
        yield ok(f"no alarm is on in {place.account} {place.region}")
