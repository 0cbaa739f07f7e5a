"""A simulator that runs for a test, and what stands around it."""

import contextlib
import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import threading
import urllib.request

from sdk import Client, sdk

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATON = pathlib.Path(os.environ.get("BATON_BINARY", ROOT / "target/debug/baton"))
# Makes every call of our own client.
CALLS = BATON.parent / "examples/genesys_calls"

# The simulator's own OAuth client, and one that may do nothing.
ANYBODY = ("baton", "baton-simulator-secret")
NOBODY = ("nobody", "a-secret-of-nobody")

WEBHOOK_SECRET = "at-least-16-chars-long"

# An hour passes in what would be a minute: nothing happens by itself, and no window of the
# rate limit ends, while a test runs.
SLOWLY = 60
# Half a second in what would be a minute.
QUICKLY = 0.01

# When end users say something.
NOW = "2026-05-04T09:15:00.000Z"

# Longer than anything takes; only what fails waits for it.
PATIENCE_SECONDS = 30

# No proxy of the environment may stand between the parts.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Simulation:
    """A simulator of our own on loopback; use it with `with`."""

    def __init__(self, time_scale=SLOWLY):
        self.time_scale = time_scale
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.webhooks = stack.enter_context(Webhooks())
            command = [BATON, "simulate", "--listen", "127.0.0.1:0"]
            command += ["--time-scale", str(self.time_scale)]
            command += ["--webhook-url", self.webhooks.url, "--secret-env", "WEBHOOK_SECRET"]
            command += ["--oauth-client", ":".join(ANYBODY)]
            command += ["--oauth-client", ":".join(NOBODY) + " none"]
            environment = {**os.environ, "WEBHOOK_SECRET": WEBHOOK_SECRET}
            environment.setdefault("BATON_LOG", "error")
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(process.terminate)
            ready = process.stdout.readline()
            address = re.search(r"OAuth and API (http://[^,]+),", ready)
            if address is None:
                raise RuntimeError(f"{BATON} simulate does not start; what it said is above")
            self.address = address[1]
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_exception):
        self.stack.close()

    @classmethod
    def of_class(cls, tests):
        """One that runs until all tests of a class are done."""
        simulation = cls()
        tests.addClassCleanup(simulation.__exit__)
        return simulation.__enter__()

    def client(self, credentials=ANYBODY):
        """The SDK's client, with a token of its own and so with a rate limit of its own."""
        return Client(self.address).get_client_credentials_token(*credentials)

    def control(self, path, order=None, method=None):
        """Asks the control API, or gives it an order."""
        body = None if order is None else json.dumps(order).encode()
        headers = {"content-type": "application/json"}
        url = f"{self.address}/control/v1/{path}"
        request = urllib.request.Request(url, body, headers, method=method)
        with HTTP.open(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    def act(self, conversation_id, action, **more):
        """Lets somebody in the org do something."""
        order = {"action": action, **more}
        return self.control(f"conversations/{conversation_id}/actions", order)


class Webhooks:
    """Takes what the simulator posts; use it with `with`."""

    def __init__(self):
        self.bodies = bodies = queue.Queue()

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["content-length"])
                bodies.put(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever).start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()

    def next(self):
        return self.bodies.get(timeout=PATIENCE_SECONDS)


def integration_id(client):
    """The id of the simulator's first integration."""
    listing = sdk.ConversationsApi(client).get_conversations_messaging_integrations_open()
    return listing.entities[0].id


def write(client, end_user_id, text="Hello"):
    """Lets an end user write; what Genesys made of it."""
    message = sdk.OpenInboundNormalizedMessage()
    message.channel = {**from_user(end_user_id), "messageId": "ours-1"}
    message.text = text
    return sdk.ConversationsApi(client).post_conversations_message_inbound_open_message(
        integration_id(client), message, prefetch_conversation_id=True
    )


def from_user(end_user_id):
    """The channel of what an end user says."""
    return {"from": {"id": end_user_id, "idType": "Opaque", "firstName": "Ann"}, "time": NOW}
