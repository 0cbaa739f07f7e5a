"""The stage of first-light.py: the processes behind the show, and how to ask them something."""

import contextlib
import json
import os
import pathlib
import secrets
import socket
import subprocess
import threading
import time
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
# What `baton demo` serves beside.
PORTS_OF_DEMONSTRATION = {
    8070: "the console",
    8082: "the sidecar's API for applications",
}
ENVOY = "http://127.0.0.1:10000"
STATISTICS = "http://127.0.0.1:9901"
INTERNAL = "http://127.0.0.1:8081"
OBSERVATION = "http://127.0.0.1:8084"
GENESYS = "http://127.0.0.1:8090"
WEBHOOK_PATH = "/webhooks/genesys/acme/support/live/events"

# What `baton demo` says before the address of its console.
CONSOLE = "The console: "

READY_SECONDS = 30
ARRIVAL_SECONDS = 10
STOPPING_SECONDS = 5

# The OAuth client that `baton simulate` has if it is told of no other.
OAUTH_CLIENT_ID = "baton"
OAUTH_CLIENT_SECRET = "baton-simulator-secret"

SIDECAR_CONFIGURATION = """
[store]
path = "{directory}/baton.db"

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "{integration_id}"
connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
hosts = ["example.com"]

[tenants.genesys]
# The simulator. An org has a region in its place: region = "mypurecloud.de"
base_url = "{genesys}"
client_id = "{client_id}"
client_secret = {{ env = "GENESYS_CLIENT_SECRET" }}

[tenants.genesys.handoff]
agent_name = "first"
agent_picture = true

# In its place stands your own: url = "https://..."
[tenants.bot]
builtin = true
"""

# No proxy of the environment may stand between the parts.
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# Set when a signal asks to stop. Nothing is interrupted in the middle: a process whose start is
# interrupted might be left behind.
STOP = threading.Event()


class Stopped(Exception):
    """A signal asked to stop."""


class Trouble(Exception):
    """What went wrong, in words that say what to do."""


def say(line=""):
    print(line, flush=True)


def request(url, body=None, credential=None, method=None):
    """The JSON of an answer, or its text if it is none."""
    headers = {}
    if body is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(body).encode()
    if credential is not None:
        headers["authorization"] = f"Bearer {credential}"
    asked = urllib.request.Request(url, body, headers, method=method)
    with HTTP.open(asked, timeout=15) as answer:
        text = answer.read().decode()
    try:
        return json.loads(text)
    except ValueError:
        return text


class Child:
    """A process that this script started, and its log."""

    def __init__(self, name, command, environment, log, conversation):
        self.name = name
        self.log = log
        with open(log, "wb") as log_file:
            # A session of its own: Ctrl-C reaches this script alone, which stops the others in
            # order.
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE if conversation else subprocess.DEVNULL,
                stdout=subprocess.PIPE if conversation else log_file,
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

    def __init__(self, directory, arguments):
        self.directory = pathlib.Path(directory)
        self.envoy = str(arguments.envoy)
        self.baton = str(arguments.baton)
        self.mode = arguments.mode
        self.children = []
        self.integration_id = str(uuid.uuid4())
        names = ["delivery", "webhook", "connector", "admin"]
        self.credentials = {name: secrets.token_hex(32) for name in names}

    def start_everything(self):
        delivery = {"BATON_DELIVERY_CREDENTIAL": self.credentials["delivery"]}
        webhook = {"GENESYS_WEBHOOK_SECRET": self.credentials["webhook"]}

        say("Starting what plays Genesys Cloud, on 127.0.0.1:8090.")
        command = [self.baton, "simulate", "--webhook-url", ENVOY + WEBHOOK_PATH]
        command += ["--secret-env", "GENESYS_WEBHOOK_SECRET"]
        command += ["--integration-id", self.integration_id]
        simulator = self.start("the simulator", command, webhook)
        self.wait_until(lambda: answers(f"{GENESYS}/control/v1/health"), simulator)

        say("Starting the sidecar, which keeps the chat sessions, on 127.0.0.1:8080 and 8081.")
        configuration = self.directory / "baton.toml"
        configuration.write_text(SIDECAR_CONFIGURATION.format(
            directory=self.directory, integration_id=self.integration_id, genesys=GENESYS,
            client_id=OAUTH_CLIENT_ID,
        ))
        environment = {
            **delivery,
            "BATON_ADMIN_CREDENTIAL": self.credentials["admin"],
            "CONNECTOR_TOKEN": self.credentials["connector"],
            "GENESYS_CLIENT_SECRET": OAUTH_CLIENT_SECRET,
        }
        command = [self.baton, "serve", "--config", str(configuration)]
        sidecar = self.start("the sidecar", command, environment)

        self.start_envoy({**delivery, **webhook})
        self.wait_until(lambda: answers(f"{OBSERVATION}/readyz"), sidecar)
        self.wait_until(lambda: self.tenant()["state"] == "up", sidecar)

    def start_demonstration(self):
        """Starts Envoy, and everything else in one process; the address of its console."""
        shared = {
            "BATON_DELIVERY_CREDENTIAL": self.credentials["delivery"],
            "GENESYS_WEBHOOK_SECRET": self.credentials["webhook"],
        }
        say("Starting what plays Genesys Cloud, the sidecar and the console, in one process.")
        demonstration = self.start("the demonstration", [self.baton, "demo", "--edge", ENVOY], shared)
        self.start_envoy(shared)
        self.wait_until(lambda: CONSOLE in demonstration.log.read_text(), demonstration)
        lines = demonstration.log.read_text().splitlines()
        return next(line.removeprefix(CONSOLE) for line in lines if line.startswith(CONSOLE))

    def start_envoy(self, environment):
        say(f"Starting Envoy with Baton's filter ({self.mode}), on 127.0.0.1:10000.")
        command = [self.envoy, "-c", f"envoy/{self.mode}/envoy.yaml"]
        command += ["--log-level", "warn", "--concurrency", "1", "--disable-hot-restart"]
        envoy = self.start("Envoy", command, environment)
        self.wait_until(lambda: answers(f"{STATISTICS}/ready"), envoy)

    def start(self, name, command, environment, conversation=False):
        log = self.directory / f"{name.replace(' ', '-')}.log"
        try:
            child = Child(name, command, environment, log, conversation)
        except OSError as error:
            raise Trouble(f"{name} does not start: {command[0]}: {error.strerror}") from error
        self.children.append(child)
        return child

    def internal(self, path):
        """What the sidecar tells an operator."""
        return request(f"{INTERNAL}/internal/v1{path}", credential=self.credentials["admin"])

    def tenant(self):
        """How the tenant of the show stands with Genesys."""
        return self.internal("/tenants")[0]

    def check(self):
        if STOP.is_set():
            raise Stopped
        for child in self.children:
            code = child.process.poll()
            if code is not None:
                raise Trouble(f"{child.name} ended by itself ({code})\n{child.last_lines()}")

    def wait_until(self, is_ready, child):
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise Trouble(
                    f"{child.name} is not ready after {READY_SECONDS} s\n{child.last_lines()}"
                )
            STOP.wait(0.05)

    def wait_for_end_of(self, child):
        """The process has to end by itself, and well."""
        try:
            code = child.process.wait(ARRIVAL_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Trouble(f"{child.name} does not end\n{child.last_lines()}") from error
        if code != 0:
            raise Trouble(f"{child.name} ended with {code}\n{child.last_lines()}")
        self.children.remove(child)

    def traces_of(self, text):
        """The files of the stage, logs and store, in which a text stands."""
        files = [path for path in self.directory.iterdir() if path.is_file()]
        return [path.name for path in files if text.encode() in path.read_bytes()]

    def stop(self):
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(STOPPING_SECONDS)
            if child.process.poll() is None:
                child.process.kill()
                child.process.wait()


def answers(url):
    with contextlib.suppress(OSError):
        request(url)
        return True
    return False


def check_files(arguments):
    for path, advice in [
        (arguments.envoy, "give --envoy the path of an Envoy 1.35 or later; make run fetches one"),
        (arguments.baton, "build it: cargo build -p baton"),
        (ROOT / MODULE, "build it: make wasm"),
    ]:
        if not path.is_file():
            raise Trouble(f"there is no {path}: {advice}")


def check_ports(ports):
    taken = [port for port in ports if is_taken(port)]
    if taken:
        names = " and ".join(f"port {port} ({ports[port]})" for port in taken)
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
