#!/usr/bin/env python3
"""First light: a chat over Envoy with Baton's filter, with nothing but this machine.

`make run` starts it. It runs a simulated Genesys, the sidecar and Envoy, opens a chat, lets an
agent write to it and says where each step travels. Then it stays until Ctrl-C, so that you can
try more; with --once it ends after the show.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULE = "target/edge/baton-edge-envoy.wasm"

# The ports of envoy/*/envoy.yaml, and what stands behind each.
PORTS = {
    10000: "Envoy, where Genesys and chat clients call",
    9901: "Envoy's statistics",
    8080: "the sidecar's chat API",
    8081: "the sidecar's internal API",
    8090: "the simulated Genesys",
}
ENVOY = "http://127.0.0.1:10000"
STATISTICS = "http://127.0.0.1:9901"
INTERNAL = "http://127.0.0.1:8081"
SIMULATOR = "http://127.0.0.1:8090"
WEBHOOK_PATH = "/webhooks/genesys/acme/support/live/events"
HOST = "example.com"

READY_SECONDS = 30
ARRIVAL_SECONDS = 10
STOPPING_SECONDS = 5

# What the chat client says stands on the right, so that it is told from what this script says.
RIGHT = " " * 40 + "│ "

# No proxy of the environment may stand between the parts.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


# Set when a signal asks to stop. Nothing is interrupted in the middle: a process whose start is
# interrupted might be left behind.
STOP = threading.Event()


class Stopped(Exception):
    """A signal asked to stop."""


class Trouble(Exception):
    """What went wrong, in words that say what to do."""


class Child:
    """A process that this script started, and its log."""

    def __init__(self, name, command, environment, log, stdout):
        self.name = name
        self.log = log
        with open(log, "wb") as log_file:
            # A session of its own: Ctrl-C reaches this script alone, which stops the others in
            # order.
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log_file if stdout is None else stdout,
                stderr=log_file,
                start_new_session=True,
            )

    def last_lines(self):
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        if not lines:
            return f"{self.name} has logged nothing"
        return "\n".join([f"the last lines of {self.name}:"] + [f"  {line}" for line in lines])


class Stage:
    """The processes of the show, started one by one and stopped in the opposite order."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.children = []

    def start(self, name, command, environment, stdout=None):
        log = self.directory / f"{name.replace(' ', '-')}.log"
        try:
            child = Child(name, command, environment, log, stdout)
        except OSError as error:
            raise Trouble(f"{name} does not start: {command[0]}: {error.strerror}") from error
        self.children.append(child)
        return child

    def check(self):
        if STOP.is_set():
            raise Stopped
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                raise Trouble(f"{child.name} ended by itself ({code})\n{child.last_lines()}")

    def wait_for(self, child, url):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            self.check()
            with contextlib.suppress(OSError):
                request(url)
                return
            if time.monotonic() > deadline:
                raise Trouble(
                    f"{child.name} is not ready after {READY_SECONDS} s\n{child.last_lines()}"
                )
            STOP.wait(0.05)

    def stop(self):
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(STOPPING_SECONDS)
            if child.process.poll() is None:
                child.process.kill()
                child.process.wait()


class ChatWindow:
    """What the chat client prints, shown on the right and kept to wait for."""

    def __init__(self, child):
        self.child = child
        self.lines = []
        self.changed = threading.Condition()
        # A file of the whole output would do, but only a pipe can be waited on.
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.process.stdout:
            line = line.decode(errors="replace").rstrip("\n")
            with self.changed:
                self.lines.append(line)
                # The first two lines name the session and its token: they are not for showing.
                if len(self.lines) > 2:
                    with contextlib.suppress(BrokenPipeError):
                        say(RIGHT + line)
                self.changed.notify_all()

    def wait_for(self, text, stage, after=0):
        deadline = time.monotonic() + ARRIVAL_SECONDS
        with self.changed:
            while True:
                for line in self.lines[after:]:
                    if text in line:
                        return line
                stage.check()
                if time.monotonic() > deadline:
                    logs = "\n".join(child.last_lines() for child in stage.children)
                    raise Trouble(
                        f"{text!r} did not arrive in the chat in {ARRIVAL_SECONDS} s\n{logs}"
                    )
                self.changed.wait(0.2)


class Genesys:
    """The simulated Genesys, which does what it is told about one end user."""

    def __init__(self, integration_id, end_user_id):
        self.integration_id = integration_id
        self.end_user_id = end_user_id

    def send(self, shape, **more):
        order = {"shape": shape, "to": self.end_user_id, "wait": True, **more}
        return self.outcome(request(f"{SIMULATOR}/control/v1/webhooks", order))

    def send_choices(self, text, choices):
        """Quick replies by a person: those of the simulator's shapes come from a bot, and a
        bot's messages are dropped unless the edge's configuration says otherwise."""
        now = datetime.datetime.now(datetime.timezone.utc)
        replies = [{"text": choice, "payload": choice, "action": "Message"} for choice in choices]
        body = {
            "id": uuid.uuid4().hex,
            "channel": {
                "id": self.integration_id,
                "platform": "Open",
                "type": "Private",
                "to": {"id": self.end_user_id, "idType": "Opaque"},
                "from": {"id": self.integration_id, "idType": "Opaque"},
                "time": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z",
            },
            "type": "Structured",
            "text": text,
            "content": [{"contentType": "QuickReply", "quickReply": reply} for reply in replies],
            "originatingEntity": "Human",
            "direction": "Outbound",
        }
        order = {"body": json.dumps(body), "wait": True}
        return self.outcome(request(f"{SIMULATOR}/control/v1/raw", order))

    @staticmethod
    def outcome(record):
        attempt = record["attempts"][-1]
        return attempt.get("status") or attempt.get("error")


def request(url, body=None, credential=None):
    """The JSON of an answer, or its text if it is none."""
    headers = {}
    if body is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(body).encode()
    if credential is not None:
        headers["authorization"] = f"Bearer {credential}"
    with HTTP.open(urllib.request.Request(url, body, headers), timeout=15) as answer:
        text = answer.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


def say(line=""):
    print(line, flush=True)


def check_files(arguments):
    for path, advice in [
        (arguments.envoy, "give --envoy the path of an Envoy 1.35 or later; make run fetches one"),
        (arguments.baton, "build it: cargo build -p baton"),
        (ROOT / MODULE, "build it: make wasm"),
    ]:
        if not path.is_file():
            raise Trouble(f"there is no {path}: {advice}")


def check_ports():
    taken = [port for port in PORTS if is_taken(port)]
    if taken:
        names = " and ".join(f"port {port} ({PORTS[port]})" for port in taken)
        who = " or ".join(f"sport = :{port}" for port in taken)
        raise Trouble(
            f"another process listens on {names}: stop it and run this again; "
            f"ss -ltnp '{who}' shows which one it is"
        )


def is_taken(port):
    with socket.socket() as probe:
        # As servers do: a connection that has just ended keeps no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def write_sidecar_configuration(directory, integration_id):
    path = pathlib.Path(directory) / "baton.toml"
    path.write_text(
        f"""
[store]
path = "{directory}/baton.db"

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "{integration_id}"
connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
hosts = ["{HOST}"]
"""
    )
    return path


def start_everything(stage, arguments, integration_id, credentials):
    baton = str(arguments.baton)
    delivery = {"BATON_DELIVERY_CREDENTIAL": credentials["delivery"]}
    webhook = {"GENESYS_WEBHOOK_SECRET": credentials["webhook"]}
    connector = {"CONNECTOR_TOKEN": credentials["connector"]}

    say("Starting what plays Genesys Cloud, on 127.0.0.1:8090.")
    command = [baton, "simulate", "--webhook-url", ENVOY + WEBHOOK_PATH]
    command += ["--secret-env", "GENESYS_WEBHOOK_SECRET", "--integration-id", integration_id]
    simulator = stage.start("the simulator", command, webhook)

    say("Starting the sidecar, which keeps the chat sessions, on 127.0.0.1:8080 and 8081.")
    configuration = write_sidecar_configuration(stage.directory, integration_id)
    admin = {"BATON_ADMIN_CREDENTIAL": credentials["admin"]}
    command = [baton, "serve", "--config", str(configuration)]
    sidecar = stage.start("the sidecar", command, {**delivery, **admin, **connector})

    say(f"Starting Envoy with Baton's filter ({arguments.mode}), on 127.0.0.1:10000.")
    command = [str(arguments.envoy), "-c", f"envoy/{arguments.mode}/envoy.yaml"]
    command += ["--log-level", "warn", "--concurrency", "1", "--disable-hot-restart"]
    envoy = stage.start("Envoy", command, {**delivery, **webhook})

    stage.wait_for(simulator, f"{SIMULATOR}/control/v1/health")
    stage.wait_for(sidecar, f"{INTERNAL}/internal/v1/health")
    stage.wait_for(envoy, f"{STATISTICS}/ready")

    say("Opening a chat, as a customer's app would, through Envoy. It speaks on the right.")
    command = [baton, "chat", "--url", ENVOY, "--host", HOST, "--show-session"]
    command += ["--token-env", "CONNECTOR_TOKEN"]
    chat = stage.start("the chat client", command, connector, stdout=subprocess.PIPE)
    return ChatWindow(chat)


def open_session(stage, window):
    """The ids of the session, and the command that watches it."""
    first = window.wait_for("session ", stage)
    session_id = first.split()[1]
    watch = window.wait_for("--access-token", stage)
    window.wait_for("The session begins", stage)
    return session_id, watch


def expect(outcome, wanted):
    if outcome != wanted:
        raise Trouble(f"Envoy answered {outcome}, and should have answered {wanted}")


def show(stage, window, genesys, pause):
    def step(text):
        STOP.wait(pause)
        stage.check()
        say()
        say(text)

    step("An agent at Genesys begins to type.\n"
         "  Genesys → webhook → Envoy: the filter checks the signature → sidecar → chat")
    expect(genesys.send("event-typing"), 200)
    window.wait_for("is typing", stage)

    step("The agent writes. The same way; Genesys gets its 200 once the message is on disk.")
    for text in ["Hello, this is Dana.", "I see that your parcel is late. Let me look."]:
        expect(genesys.send("text-agent", text=text), 200)
        window.wait_for(text, stage)

    step("The agent sends a picture. It travels as a link, and nothing on the way fetches it.")
    expect(genesys.send("attachment-image-with-text", text="This is where it is."), 200)
    window.wait_for("[picture]", stage)

    step("The agent offers choices, which an app shows as buttons.")
    expect(genesys.send_choices("Shall I send it again?", ["Yes, please", "No, I can wait"]), 200)
    window.wait_for("choices:", stage)

    step("Somebody who does not know the secret sends a webhook with a forged signature.")
    before = len(window.lines)
    expect(genesys.send("text-agent", text="Tell me your password.", signature="forged"), 401)
    STOP.wait(1)
    if len(window.lines) > before:
        raise Trouble("something arrived in the chat after the forgery: it must not")
    say("  Envoy answered 401. Nothing arrived in the chat: the filter let nothing through.")

    step("What Envoy has counted, at 127.0.0.1:9901/stats?filter=baton:")
    for line in str(request(f"{STATISTICS}/stats?filter=wasmcustom.baton")).splitlines():
        if not line.endswith(": 0"):
            say(f"  {line}")


def invite(genesys, baton, watch):
    order = json.dumps({"shape": "text-agent", "to": genesys.end_user_id, "text": "Hi again!"})
    say()
    say("Everything goes on running. Try, in a second terminal:")
    say()
    say("  Let the agent write (GET /control/v1/shapes lists what else there is):")
    say(f"    curl {SIMULATOR}/control/v1/webhooks -H 'content-type: application/json' \\")
    say(f"      -d '{order}'")
    say("  Forge one: add \"signature\": \"forged\" to that, and see Envoy's counters:")
    say(f"    curl '{STATISTICS}/stats?filter=wasmcustom.baton'")
    say("  Watch the raw frames that an app gets:")
    say(f"    {baton} {watch.removeprefix('baton ')} --json")
    say()
    say("What a customer types stays here yet: nothing carries it to Genesys so far.")
    say("Ctrl-C ends everything.")


def perform(arguments):
    check_files(arguments)
    check_ports()
    integration_id = str(uuid.uuid4())
    names = ["delivery", "webhook", "connector", "admin"]
    credentials = {name: secrets.token_hex(32) for name in names}
    with tempfile.TemporaryDirectory(prefix="baton-") as directory:
        stage = Stage(directory)
        try:
            window = start_everything(stage, arguments, integration_id, credentials)
            session_id, watch = open_session(stage, window)
            session = request(
                f"{INTERNAL}/internal/v1/sessions/{session_id}", credential=credentials["admin"]
            )
            end_user_id = session["genesys"]["end_user_id"]
            say(f"To Genesys, this customer is {end_user_id}.")
            genesys = Genesys(integration_id, end_user_id)
            show(stage, window, genesys, 0 if arguments.once else 1.5)
            if not arguments.once:
                invite(genesys, arguments.baton, watch)
                while True:
                    stage.check()
                    STOP.wait(0.5)
        finally:
            stage.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--envoy", type=pathlib.Path, required=True, help="the envoy binary")
    parser.add_argument("--baton", type=pathlib.Path, required=True, help="the baton binary")
    parser.add_argument("--mode", choices=["pause", "buffer-filter"], default="pause",
                        help="how Envoy holds a webhook until it is verified")
    parser.add_argument("--once", action="store_true", help="end after the show")
    arguments = parser.parse_args()
    # The children start in the repository's root.
    arguments.envoy = arguments.envoy.absolute()
    arguments.baton = arguments.baton.absolute()
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
        signal.signal(number, lambda _number, _frame: STOP.set())
    sys.stdout.reconfigure(errors="replace")
    try:
        perform(arguments)
    except Stopped:
        say("\nEverything is stopped.")
    except BrokenPipeError:
        # Nobody reads any more. What is left to flush at the exit would fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Trouble as trouble:
        print(f"first-light: {trouble}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"first-light: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
