"""What is different between JSON and the SDK's model of it.

The SDK itself is patient: it drops members that it does not know, turns a number into a string,
and replaces an unknown value of an enumeration by a word of its own. Here each of these is a
difference.
"""

import re

# What the SDK puts in the place of a value that its enumeration does not have. It does not tell
# upper case from lower case.
UNKNOWN_VALUE = "outdated_sdk_version"

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

# The members that have to be there, which this SDK does not say. They are from the one for
# JavaScript (npm purecloud-platform-client-v2 262.0.0, index.d.ts).
REQUIRED = {
    "ContentButtonResponse": ["type", "text", "payload"],
    "ConversationReason": ["message"],
    "OpenEvent": ["eventType"],
    "OpenEventNormalizedMessage": ["channel", "type"],
    "OpenInboundMessageMessagingChannel": ["from", "time"],
    "OpenInboundMessagingChannel": ["from", "time"],
    "OpenInboundMessagingReceiptChannel": ["to", "time"],
    "OpenInboundNormalizedEvent": ["channel", "events"],
    "OpenInboundNormalizedMessage": ["channel"],
    "OpenInboundNormalizedReceipt": ["id", "channel", "status"],
    "OpenInboundStructuredResponseMessage": ["channel", "buttonResponse", "originatingMessageId"],
    "OpenMessagingFromRecipient": ["id", "idType"],
    "OpenMessagingToRecipient": ["id"],
}


def differences(value, loaded, kind, path=""):
    """The places where `value`, which is JSON, is not of the SDK's type `kind`, as which it was
    loaded."""
    if kind == "object":
        return []
    if value is None:
        return [f"{path or 'it'} is null"]
    if isinstance(loaded, str) and loaded == UNKNOWN_VALUE:
        return [f"{path} has the unknown value {value!r}"]
    if kind.startswith("list["):
        return of_list(value, loaded, kind[len("list["):-1], path)
    if kind.startswith("dict("):
        return of_dictionary(value, loaded, kind[len("dict(str, "):-1], path)
    if hasattr(loaded, "attribute_map"):
        return of_model(value, loaded, kind, path)
    if is_primitive(value, kind):
        return []
    return [f"{path or 'it'} is no {kind}: {value!r}"]


def is_primitive(value, kind):
    if kind == "datetime":
        return isinstance(value, str) and TIME.fullmatch(value) is not None
    if isinstance(value, bool) or kind == "bool":
        return isinstance(value, bool) and kind == "bool"
    kinds = {"str": str, "int": int, "float": (int, float)}
    return isinstance(value, kinds.get(kind, ()))


def of_list(value, loaded, kind, path):
    if not isinstance(value, list):
        return [f"{path} is no list"]
    pairs = enumerate(zip(value, loaded, strict=True))
    return [
        difference
        for number, (item, loaded_item) in pairs
        for difference in differences(item, loaded_item, kind, f"{path}[{number}]")
    ]


def of_dictionary(value, loaded, kind, path):
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    return [
        difference
        for name, item in value.items()
        for difference in differences(item, loaded[name], kind, f"{path}.{name}")
    ]


def of_model(value, loaded, kind, path):
    if not isinstance(value, dict):
        return [f"{path or 'it'} is no object"]
    attributes = {name: attribute for attribute, name in loaded.attribute_map.items()}
    inside = f"{path}." if path else ""
    found = [
        f"{inside}{name} is missing" for name in REQUIRED.get(kind, []) if name not in value
    ]
    for name, item in value.items():
        if name in attributes:
            loaded_item = getattr(loaded, attributes[name])
            item_kind = loaded.swagger_types[attributes[name]]
            found += differences(item, loaded_item, item_kind, f"{inside}{name}")
        else:
            found.append(f"{inside}{name} is unknown to {kind}")
    return found
