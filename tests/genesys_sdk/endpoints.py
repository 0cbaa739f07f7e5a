"""What the SDK says of the endpoints of the Platform API.

It has no table of them, but the code of its methods was made from one and all looks alike.
"""

import dataclasses
import functools
import pathlib
import re

from sdk import sdk

# The parts of the Platform API that matter here.
APIS = ["architect_api", "conversations_api", "notifications_api", "routing_api", "users_api"]

RESOURCE = re.compile(r"resource_path = '([^']+)'")
METHOD = re.compile(r"call_api\(resource_path, '([A-Z]+)'")
BODY = re.compile(r":param (\S+) body:")
QUERY = re.compile(r"query_params\['([^']+)'\] =")


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One endpoint: its method, its path with places to fill, the SDK's type of its body, and the
    names in its query."""

    method: str
    path: str
    body: str | None
    query: frozenset

    def takes(self, method, path):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path))
        return self.method == method and re.fullmatch(pattern, path) is not None


@functools.cache
def all_endpoints():
    folder = pathlib.Path(sdk.__file__).parent / "apis"
    return [
        endpoint
        for api in APIS
        for code in (folder / f"{api}.py").read_text().split("\n    def ")
        if (endpoint := endpoint_of(code)) is not None
    ]


def endpoint_of(code):
    resource, method, body = RESOURCE.search(code), METHOD.search(code), BODY.search(code)
    if resource is None or method is None:
        return None
    query = frozenset(QUERY.findall(code))
    return Endpoint(method[1], resource[1], body[1] if body else None, query)


def find(method, path):
    """The endpoint that takes a request, or None if Genesys has none."""
    found = [endpoint for endpoint in all_endpoints() if endpoint.takes(method, path)]
    # A word of its own stands before a place to fill.
    return min(found, key=lambda endpoint: endpoint.path.count("{"), default=None)
