"""The official Genesys SDK, kept out of the home directory and made to complain.

Import it from here only: as it is imported, the SDK reads ~/.genesyscloudpython/config and watches
everything in the home directory for a change of it. So it gets a home of its own.
"""

import json
import os
import tempfile

HOME = tempfile.TemporaryDirectory(prefix="genesys-sdk-")
os.environ["HOME"] = HOME.name

import PureCloudPlatformClientV2 as sdk  # noqa: E402 (it looks for its home as it is imported)

from differences import differences  # noqa: E402


class Unfaithful(AssertionError):
    """An answer that is not what the SDK expects of Genesys."""


class Client(sdk.ApiClient):
    """The SDK's client for what is at an address. Each answer has to be what the SDK's model
    says, and not only close enough to be read; and a 429 is shown, not waited out."""

    def __init__(self, address):
        super().__init__()
        host, port = address.removeprefix("http://").split(":")
        # The setting for a gateway is the only one that allows plain http and another port.
        self.set_gateway(host, "http", int(port), path_params_login="", path_params_api="")
        self.retry(False)

    def retry(self, retries):
        """The SDK has no setting for it: its HTTP client waits as long as Retry-After says."""
        pool = self.get_http_client().rest_client.pool_manager
        pool.connection_pool_kw["retries"] = retries

    def deserialize(self, response, response_type):
        loaded = super().deserialize(response, response_type)
        value = super().deserialize(response, "object")
        found = differences(value, loaded, response_type)
        if found:
            raise Unfaithful(f"the answer is no {response_type}: {'; '.join(found)}")
        return loaded

    def load(self, value, kind):
        """The SDK's model of JSON, which has to be what the model says."""
        return self.deserialize(Loadable(value), kind)

    def differences(self, value, kind):
        """What is different between JSON and the SDK's model of it."""
        try:
            loaded = super().deserialize(Loadable(value), kind)
        except (AttributeError, TypeError, ValueError, sdk.rest.ApiException) as error:
            return [f"the SDK cannot read it as {kind}: {error}"]
        return differences(value, loaded, kind)


class Loadable:
    """JSON in the place of a response."""

    def __init__(self, value):
        self.data = json.dumps(value)

    @staticmethod
    def getheader(_name):
        return "application/json"
