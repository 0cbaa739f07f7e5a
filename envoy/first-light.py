#!/usr/bin/env python3
"""First light: a whole handoff over Envoy with Baton's filter, with nothing but this machine.

`make run` starts it: Envoy, and `baton demo` behind it, in whose console you are the customer and
the agent, until Ctrl-C.

`make show` starts it with --once: it runs a simulated Genesys, the sidecar and Envoy, opens a chat,
plays the customer and the agents, says where each step travels, and ends. A step that does not come
out as it has to ends it with exit code 1.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

# Nothing is left in the folder of Envoy's configuration.
sys.dont_write_bytecode = True

from stage import (  # noqa: E402
    ARRIVAL_SECONDS, ENVOY, GENESYS, PORTS, PORTS_OF_DEMONSTRATION, STATISTICS, STOP, Stage,
    Stopped, Trouble, check_files, check_ports, request, say,
)

# How many messages the customer has for the bot.
SAID_TO_BOT = 2

# What the chat client says stands on the right, so that it is told from what this script says.
RIGHT = " " * 40 + "│ "

FORGED = "Tell me your password."


class Customer:
    """A customer at a chat client: what is typed into it, and what it prints."""

    def __init__(self, stage):
        self.stage = stage
        command = [stage.baton, "chat", "--url", ENVOY, "--token-env", "CONNECTOR_TOKEN"]
        environment = {"CONNECTOR_TOKEN": stage.credentials["connector"]}
        self.client = stage.start("the chat client", command, environment, conversation=True)
        self.said = []
        self.lines = []
        self.seen = 0
        self.changed = threading.Condition()
        # A file of the whole output would do, but only a pipe can be waited on.
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.client.process.stdout:
            line = line.decode(errors="replace").rstrip("\n")
            with self.changed:
                self.lines.append(line)
                with contextlib.suppress(BrokenPipeError):
                    say(RIGHT + line)
                self.changed.notify_all()

    def says(self, text):
        """Types a line. It is echoed once the sidecar has stored it."""
        self.said.append(text)
        self.client.process.stdin.write(text.encode() + b"\n")
        self.client.process.stdin.flush()
        self.sees(f"You: {text}")

    def sees(self, *texts):
        """Each of these has to be in a line, one after the other, and after all seen before."""
        for text in texts:
            self.sees_one(text)

    def sees_one(self, text):
        deadline = time.monotonic() + ARRIVAL_SECONDS
        with self.changed:
            while True:
                while self.seen < len(self.lines):
                    self.seen += 1
                    if text in self.lines[self.seen - 1]:
                        return self.lines[self.seen - 1]
                if self.client.process.poll() is None:
                    self.stage.check()
                if time.monotonic() > deadline:
                    logs = "\n".join(child.last_lines() for child in self.stage.children)
                    raise Trouble(
                        f"{text!r} did not arrive in the chat in {ARRIVAL_SECONDS} s\n{logs}"
                    )
                self.changed.wait(0.2)

    def sees_nothing(self, what):
        """For a moment nothing more arrives."""
        before = len(self.lines)
        STOP.wait(1)
        if len(self.lines) > before:
            raise Trouble(f"{what} showed in the chat, and must not: {self.lines[before]!r}")


class ContactCentre:
    """The people of the simulated org, and the conversation with one customer in it."""

    def __init__(self, end_user_id):
        self.end_user_id = end_user_id
        self.answered = 0

    def conversation(self):
        """The conversation in short; nothing until there is one."""
        found = request(f"{GENESYS}/control/v1/conversations?end_user={self.end_user_id}")
        return found[-1] if found else None

    def truth(self):
        """Everything that truly happened in the conversation."""
        conversation = self.conversation()
        return request(f"{GENESYS}/control/v1/conversations/{conversation['id']}")

    def act(self, action, **more):
        conversation = self.conversation()
        url = f"{GENESYS}/control/v1/conversations/{conversation['id']}/actions"
        request(url, {"action": action, **more})

    def answer(self, **what):
        """The agent who is connected says something: a text, a shape, or both."""
        self.act("answer", **what)
        self.answered += 1

    def break_channel(self):
        """From now on each event closes the notification socket in the place of arriving."""
        broken = {"notifications": [{"fault": {"close_socket": {}}, "probability": 1}]}
        request(f"{GENESYS}/control/v1/faults", broken, method="PUT")

    def mend_channel(self):
        """Ends that, and answers how often it struck."""
        plan = request(f"{GENESYS}/control/v1/faults")
        request(f"{GENESYS}/control/v1/faults", {}, method="PUT")
        return plan["notifications"][0]["struck"]

    def has_sockets(self):
        return request(f"{GENESYS}/control/v1/counters")["sockets"]["now"] > 0

    def forge(self, text):
        """A webhook that somebody signs who does not know the secret; what it is answered."""
        order = {"shape": "text-agent", "to": self.end_user_id, "text": text}
        record = request(
            f"{GENESYS}/control/v1/webhooks", {**order, "signature": "forged", "wait": True}
        )
        attempt = record["attempts"][-1]
        return attempt.get("status") or attempt.get("error")


def expect(holds, complaint):
    if not holds:
        raise Trouble(complaint)


def wait_until(stage, holds, complaint):
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while not holds():
        stage.check()
        expect(time.monotonic() < deadline, f"{complaint} after {ARRIVAL_SECONDS} s")
        STOP.wait(0.05)


def behave():
    """Lets typing pass, both ways."""
    both = {"typing_inbound": True, "typing_outbound": True}
    request(f"{GENESYS}/control/v1/org", both, method="PUT")


def open_chat(stage):
    """The customer, and the contact centre as it will know this customer."""
    say("Opening a chat, as a customer's app would, through Envoy. It speaks on the right.")
    customer = Customer(stage)
    session_id = customer.sees_one("session ").split()[1]
    customer.sees("The session begins")
    end_user_id = stage.internal(f"/sessions/{session_id}")["genesys"]["end_user_id"]
    say(f"To Genesys, this customer is {end_user_id}.")
    return customer, ContactCentre(end_user_id)


def show(stage, customer, centre):
    def step(text):
        stage.check()
        say()
        say(text)

    begin(stage, step, customer, centre)
    answer(step, customer, centre)
    forge(stage, step, customer, centre)
    transfer(stage, step, customer, centre)
    end(stage, step, customer, centre)


def begin(stage, step, customer, centre):
    step("The bot has the chat. It is the one that is built in; yours is an HTTP endpoint.")
    customer.sees("The bot has joined", "Bot: Hello!")
    customer.says("Hello, where is my parcel?")
    customer.sees("Bot: You wrote: Hello, where is my parcel?")

    step("The bot gives up. The sidecar posts to Genesys over REST: what was said so far, and\n"
         "whatever the bot hands over.")
    customer.says("I want to talk to an agent")
    customer.sees("I'll connect you with a person", "handed over to a person",
                  "The handoff is accepted")
    wait_until(stage, centre.conversation, "the message did not reach Genesys")
    expect(centre.conversation()["state"] == "queued", "the conversation is not in a queue")

    step("It waits in a queue at Genesys, and Dana's client rings. The customer is told nothing\n"
         "yet: she may decline.")
    centre.act("alert", user="Dana Reyes")
    customer.sees_nothing("an agent who is only being alerted")

    step("Dana accepts. Genesys says so over the notification channel, a WebSocket.")
    centre.act("accept")
    customer.sees("Dana has joined", "[picture]")


def answer(step, customer, centre):
    step("Dana types, and writes. Genesys → signed webhook → Envoy: the filter checks the\n"
         "signature → sidecar → chat. Genesys gets its 200 once the message is on disk.")
    centre.act("type")
    customer.sees("Dana is typing")
    centre.answer(text="Hello, this is Dana. Let me look.")
    customer.sees("Dana: Hello, this is Dana.")

    step("A picture. It travels as a link, and nothing on the way fetches it.")
    centre.answer(shape="attachment-image-with-text", text="This is where it is.")
    customer.sees("Dana: This is where it is.", "[picture]")

    step("A card, and choices, which an app shows as buttons.")
    centre.answer(shape="structured-card")
    customer.sees("Dana: Premium plan", "choices:")
    centre.answer(shape="structured-quickreply", text="Who shall help you?")
    customer.sees("Dana: Who shall help you?", "choices:")
    customer.says("Support")


def forge(stage, step, customer, centre):
    step("Somebody who does not know the secret sends a webhook with a forged signature.")
    outcome = centre.forge(FORGED)
    expect(outcome == 401, f"Envoy answered {outcome}, and should have answered 401")
    customer.sees_nothing("the forgery")
    # What the customer said shows that a trace would be found.
    expect(stage.traces_of(customer.said[0]), "the store does not hold what the customer said")
    traces = stage.traces_of(FORGED)
    expect(not traces, f"the forged text stands in {' and '.join(traces)}")
    say("  Envoy answered 401. Nothing arrived in the chat, in the store or in a log.")


def transfer(stage, step, customer, centre):
    step("Dana transfers to a colleague. She is gone; the handoff is not.")
    centre.act("transfer_to_user", to="Milan Novak")
    centre.act("accept")
    customer.sees("Milan has joined")
    centre.answer(text="Milan here, I take over.")
    customer.sees("Milan: Milan here, I take over.")

    step("The notification channel breaks. Just then Milan transfers to Aisha, and Genesys never\n"
         "repeats what it said to nobody. The sidecar connects again and compares with REST.")
    centre.break_channel()
    centre.act("transfer_to_user", to="Aisha Okafor")
    centre.act("accept")
    expect(centre.mend_channel() > 0, "there was no notification socket to break")
    customer.says("Are you still there?")
    customer.sees("Aisha has joined")
    centre.answer(text="Of course. It comes tomorrow.")
    customer.sees("Aisha: Of course.")
    wait_until(stage, centre.has_sockets, "the notification channel is not back")


def end(stage, step, customer, centre):
    step("Aisha ends the conversation.")
    centre.act("end")
    customer.sees("Aisha has left", "The session has ended")
    stage.wait_for_end_of(customer.client)

    step("What Genesys has of it:")
    heard = [words(message) for message in messages(centre, "inbound")]
    note, transcript, *later = heard
    said = customer.said[SAID_TO_BOT:]
    expect(later == said, f"Genesys heard {later}, and the customer said {said}")
    missing = [text for text in customer.said[:SAID_TO_BOT] if text not in transcript]
    expect(not missing, f"the transcript for the agent lacks {missing}")
    say(f"  \"{note}\", and what was said before, in one message.")
    say(f"  {len(later)} messages of the customer to agents, in order, each once.")

    def are_confirmed():
        statuses = [message["status"] for message in messages(centre, "outbound")]
        return statuses == ["delivery-success"] * centre.answered

    wait_until(stage, are_confirmed, "not every message of an agent has its receipt")
    say(f"  {centre.answered} messages of agents, each with a receipt: the customer has it.")

    step("What Envoy has counted, at 127.0.0.1:9901/stats?filter=baton:")
    counted = str(request(f"{STATISTICS}/stats?filter=wasmcustom.baton")).splitlines()
    for line in counted:
        if not line.endswith(": 0"):
            say(f"  {line}")
    refused = "wasmcustom.baton.refused.signature_mismatch: 1"
    expect(refused in counted, f"Envoy does not count {refused}")


def words(message):
    """What a message of the customer says. A choice goes to Genesys as the answer that it is."""
    if message["text"] is not None:
        return message["text"]
    return message["content"][0]["buttonResponse"]["text"]


def messages(centre, direction):
    """The messages of the conversation that went this way, in order."""
    return [message for message in centre.truth()["messages"] if message["direction"] == direction]


def play(stage):
    """Plays the customer and the agents, once."""
    stage.start_everything()
    behave()
    customer, centre = open_chat(stage)
    show(stage, customer, centre)


def open_console(stage):
    """Leaves the customer and the agents to whoever opens the console."""
    url = stage.start_demonstration()
    say(f"""
Open the console; its address is good for this run only:

  {url}

You are the customer and the agent. Ask for a person in the chat on the left, accept at the desk on
the right, and watch each message travel between them. "Faults" lets things go wrong.

The same as text, in a second terminal:

  BATON_CONSOLE='{url}' {stage.baton} tail

Ctrl-C ends everything.""")
    while True:
        stage.check()
        STOP.wait(0.5)


def perform(arguments):
    check_files(arguments)
    check_ports(PORTS if arguments.once else PORTS | PORTS_OF_DEMONSTRATION)
    with tempfile.TemporaryDirectory(prefix="baton-") as directory:
        stage = Stage(directory, arguments)
        try:
            if arguments.once:
                play(stage)
            else:
                open_console(stage)
        finally:
            stage.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--envoy", type=pathlib.Path, required=True, help="the envoy binary")
    parser.add_argument("--baton", type=pathlib.Path, required=True, help="the baton binary")
    parser.add_argument("--mode", choices=["pause", "buffer-filter"], default="pause",
                        help="how Envoy holds a webhook until it is verified")
    parser.add_argument("--once", action="store_true", help="play a handoff, and end")
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
