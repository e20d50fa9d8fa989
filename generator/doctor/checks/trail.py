"""A CloudTrail trail with management events: without one, EventBridge hears of no project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from generator.doctor.accounts import Absent, AwsPlace
from generator.doctor.examination import Examination
from generator.doctor.findings import Found, Unchecked, ok, problem, warning

SOURCE = "datazone.amazonaws.com"


def trail(examination: Examination) -> Iterator[Found]:
    """One trail that covers the domains' region is enough."""
    place = examination.governance
    trails = place.ask("cloudtrail", "describe_trails", includeShadowTrails=True)["trailList"]
    reasons: list[str] = []
    hidden: list[Unchecked] = []
    for one in trails:
        arn = one["TrailARN"]
        try:
            reason = _reason_against(one, place)
        except (Absent, Unchecked) as error:
            # An organization's trail can often not be looked at from a member account.
            hidden.append(Unchecked(f"{arn}: {error}", getattr(error, "needs", None)))
            continue
        if reason is None:
            status = place.ask("cloudtrail", "get_trail_status", Name=arn)
            yield _covering(arn, status)
            return
        reasons.append(f"{arn} {reason}")
    if hidden:
        raise hidden[0]
    listed = "; ".join(reasons) or "there is none"
    yield problem(
        f"no trail of {place.account} writes management events of {place.region}: {listed}",
        "create one: aws cloudtrail create-trail --name management-events --s3-bucket-name BUCKET"
        " --is-multi-region-trail, then aws cloudtrail start-logging --name management-events",
    )


def _covering(arn: str, status: dict[str, Any]) -> Found:
    if status.get("LatestDeliveryError"):
        return warning(
            f"{arn} writes management events, but cannot deliver its files:"
            f" {status['LatestDeliveryError']}",
            "correct the policy of the trail's bucket",
        )
    return ok(f"{arn} writes management events")


def _reason_against(one: dict[str, Any], place: AwsPlace) -> str | None:
    """Return why a trail does not tell of projects; None when it does."""
    arn = one["TrailARN"]
    if not one.get("IsMultiRegionTrail") and one.get("HomeRegion") != place.region:
        return f"covers {one.get('HomeRegion')} only"
    if not place.ask("cloudtrail", "get_trail_status", Name=arn).get("IsLogging"):
        return f"is stopped (aws cloudtrail start-logging --name {arn})"
    selectors = place.ask("cloudtrail", "get_event_selectors", TrailName=arn)
    chosen = [_classic(found) for found in selectors.get("EventSelectors", [])]
    chosen += [_advanced(found) for found in selectors.get("AdvancedEventSelectors", [])]
    return None if any(chosen) else "leaves out management events that write"


def _classic(selector: dict[str, Any]) -> bool:
    excluded = selector.get("ExcludeManagementEventSources", [])
    return (
        bool(selector.get("IncludeManagementEvents", True))
        and selector.get("ReadWriteType", "All") != "ReadOnly"
        and SOURCE not in excluded
    )


# What an advanced selector can ask of a field (CloudTrail's reference).
_TESTS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "Equals": lambda value, given: value in given,
    "NotEquals": lambda value, given: value not in given,
    "StartsWith": lambda value, given: value.startswith(tuple(given)),
    "NotStartsWith": lambda value, given: not value.startswith(tuple(given)),
    "EndsWith": lambda value, given: value.endswith(tuple(given)),
    "NotEndsWith": lambda value, given: not value.endswith(tuple(given)),
}


def _advanced(selector: dict[str, Any]) -> bool:
    """Whether every condition of an advanced selector lets a CreateProject event pass."""
    event = {
        "eventCategory": "Management",
        "readOnly": "false",
        "eventSource": SOURCE,
        "eventType": "AwsApiCall",
        "eventName": "CreateProject",
    }
    conditions = selector["FieldSelectors"]
    if not any(one["Field"] == "eventCategory" for one in conditions):
        return False
    return all(
        test(event.get(one["Field"], ""), one[name])
        for one in conditions
        for name, test in _TESTS.items()
        if one.get(name)
    )
