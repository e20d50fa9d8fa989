"""What tests read in a CloudFormation template: resources, values, and what differs in another."""

from typing import Any

Template = dict[str, Any]


def only(template: Template, kind: str) -> dict[str, Any]:
    """The one resource of a type."""
    (resource,) = (each for each in template["Resources"].values() if each["Type"] == kind)
    return resource


def found(template: Template, kind: str) -> list[dict[str, Any]]:
    """The properties of all resources whose type ends with ``kind``."""
    return [
        each["Properties"] for each in template["Resources"].values() if each["Type"].endswith(kind)
    ]


def plain(value: Any) -> Any:
    """Fn::Join as text, with references in angle brackets."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::Join"}:
        return "".join(map(str, plain(value["Fn::Join"][1])))
    if set(value) == {"Ref"}:
        return "aws" if value["Ref"] == "AWS::Partition" else f"<{value['Ref']}>"
    if set(value) == {"Fn::GetAtt"}:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    return {key: plain(item) for key, item in value.items()}


def changed_properties(before: Template, after: Template) -> set[tuple[str, str]]:
    """Type of resource and name of property, for each that is another one now; the resources must
    be the same."""
    old, new = before["Resources"], after["Resources"]
    assert old.keys() == new.keys()
    return {
        (old[name]["Type"], key)
        for name in old
        for key in old[name]["Properties"] | new[name]["Properties"]
        if old[name]["Properties"].get(key) != new[name]["Properties"].get(key)
    }
