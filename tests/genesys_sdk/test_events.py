"""What the simulator says by itself, beside the official SDK's models of it."""

import unittest

from notification_socket import NotificationSocket
from sdk import sdk
from simulation import QUICKLY, Simulation, from_user, integration_id, write

DANA = "aa11bb22-cc33-4d44-8e55-ff6677889900"
MILAN = "bb22cc33-dd44-4e55-8f66-007788990011"
SUPPORT = "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5"

# The end of a topic's name, and the SDK's model of what is told on it. Topic and model belong
# together by the SDK for JavaScript (notificationMappings.json).
DETAIL_MODELS = {
    "acd.end": "AcdEndDetailEventTopicAcdEndEvent",
    "acd.start": "AcdStartDetailEventTopicAcdStartEvent",
    "acw": "AcwDetailEventTopicAfterCallWorkEvent",
    "attributes": "AttributeDetailEventTopicAttributeUpdateEvent",
    "customer.end": "CustomerEndDetailEventTopicCustomerEndEvent",
    "customer.start": "CustomerStartDetailEventTopicCustomerStartEvent",
    "flow.end": "FlowEndDetailEventTopicFlowEndEvent",
    "flow.start": "FlowStartDetailEventTopicFlowStartEvent",
    "user.end": "UserEndDetailEventTopicUserEndEvent",
    "user.start": "UserStartDetailEventTopicUserStartEvent",
}
QUEUE_TOPIC = f"v2.routing.queues.{SUPPORT}.conversations.messages"
USER_TOPIC = f"v2.users.{DANA}.conversations.messages"
TYPING_TOPIC = f"v2.users.{DANA}.conversations.inbound.typing.event"
OTHER_MODELS = {
    QUEUE_TOPIC: "QueueConversationMessageEventTopicMessageConversation",
    USER_TOPIC: "ConversationMessageEventTopicMessageConversation",
    TYPING_TOPIC: "V2ConversationMessageTypingEventForUserTopicMessageData",
}

# What a capture of 2026 has, and the SDK's model of a webhook does not.
CAPTURED = {
    "conversationId is unknown to ConversationNormalizedMessage",
    "channel.metadata is unknown to ConversationMessagingChannel",
}
# The shapes that no model knows, for whoever has to live with what Genesys sends next year.
ODD_SHAPES = {
    "event-unknown", "receipt-outbound-failed", "structured-unknown-content", "text-unknown-fields",
}


class Listener:
    """A conversation with a channel that hears everything about it; use it with `with`."""

    def __init__(self, simulation, user):
        self.simulation = simulation
        self.client = simulation.client()
        self.user = user
        self.id = write(self.client, user).conversation_id
        self.prefix = f"v2.detail.events.conversation.{self.id}."
        notifications = sdk.NotificationsApi(self.client)
        channel = notifications.post_notifications_channels()
        topics = [self.prefix + kind for kind in DETAIL_MODELS] + list(OTHER_MODELS)
        notifications.post_notifications_channel_subscriptions(
            channel.id, [{"id": topic} for topic in topics]
        )
        self.socket = NotificationSocket(channel.connect_uri)

    def __enter__(self):
        self.socket.__enter__()
        return self

    def __exit__(self, *exception):
        self.socket.__exit__(*exception)

    def until(self, kind):
        """All that is told up to an event of this kind."""
        return self.socket.until(lambda frame: frame["topicName"] == self.prefix + kind)

    def model(self, frame):
        topic = frame["topicName"]
        return OTHER_MODELS.get(topic) or DETAIL_MODELS[topic.removeprefix(self.prefix)]


class EventTest(unittest.TestCase):
    def assert_faithful(self, listener, frames):
        for frame in frames:
            with self.subTest(frame["topicName"]):
                self.assertEqual(frame.keys(), {"topicName", "version", "eventBody", "metadata"})
                self.assertEqual(frame["version"], "2")
                self.assertEqual(frame["metadata"].keys(), {"CorrelationId"})
                model = listener.model(frame)
                self.assertEqual(listener.client.differences(frame["eventBody"], model), [])


class Events(EventTest):
    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation.of_class(cls)

    def test_every_event_of_a_conversation_is_what_the_sdks_model_says(self):
        self.simulation.control("org", {"typing_inbound": True}, method="PUT")
        with Listener(self.simulation, "end-user-of-events") as listener:
            act = self.simulation.act
            act(listener.id, "alert", user=MILAN)
            act(listener.id, "decline", user=MILAN)
            act(listener.id, "alert", user=MILAN)
            act(listener.id, "no_answer", user=MILAN)
            act(listener.id, "accept", user=DANA)
            act(listener.id, "answer", text="Hello, this is Dana.")
            act(listener.id, "answer", shape="attachment-image-with-text")
            write(listener.client, listener.user, "Is it you, Dana?")
            self.types(listener)
            self.sets_attributes(listener)
            act(listener.id, "consult", **{"with": MILAN})
            act(listener.id, "accept", user=MILAN)
            act(listener.id, "complete_consult")
            act(listener.id, "transfer_to_user", to=DANA)
            act(listener.id, "accept", user=DANA)
            act(listener.id, "park")
            act(listener.id, "resume")
            act(listener.id, "transfer_to_queue", queue="Sales")
            act(listener.id, "accept", user=DANA)
            act(listener.id, "send_to_flow")
            act(listener.id, "accept", user=DANA)
            act(listener.id, "end")
            frames = listener.until("customer.end")
            # The same conversation once more, which the customer leaves in the queue.
            write(listener.client, listener.user, "I forgot something")
            sdk.ConversationsApi(listener.client).post_conversation_disconnect(listener.id)
            frames += listener.until("customer.end")
        self.assert_faithful(listener, frames)
        told = {listener.model(frame) for frame in frames}
        expected = {*DETAIL_MODELS.values(), *OTHER_MODELS.values()}
        # The wrap-up takes its time: another test waits for it.
        self.assertEqual(expected - told, {DETAIL_MODELS["acw"]})

    def types(self, listener):
        typing = {"channel": from_user(listener.user), "events": [{"eventType": "Typing"}]}
        sdk.ConversationsApi(listener.client).post_conversations_message_inbound_open_event(
            integration_id(listener.client), typing
        )

    def sets_attributes(self, listener):
        conversations = sdk.ConversationsApi(listener.client)
        [customer] = [
            one
            for one in conversations.get_conversations_message(listener.id).participants
            if one.purpose == "customer"
        ]
        conversations.patch_conversations_message_participant_attributes(
            listener.id, customer.id, body={"attributes": {"language": "en"}}
        )


class WrapUp(EventTest):
    def test_the_event_of_the_wrap_up_is_what_the_sdks_model_says(self):
        with Simulation(QUICKLY) as simulation, Listener(simulation, "end-user") as listener:
            simulation.act(listener.id, "accept", user=DANA)
            simulation.act(listener.id, "end")
            self.assert_faithful(listener, listener.until("acw"))


class WebhookBodies(unittest.TestCase):
    def test_every_shape_of_a_webhook_is_what_the_sdks_model_says(self):
        with Simulation() as simulation:
            client = simulation.client()
            odd = set()
            for shape in simulation.control("shapes"):
                order = {"shape": shape["name"], "to": "end-user", "wait": True}
                simulation.control("webhooks", order)
                body = simulation.webhooks.next()
                found = client.differences(body, "ConversationNormalizedMessage")
                if not CAPTURED.issuperset(found):
                    odd.add(shape["name"])
        self.assertEqual(odd, ODD_SHAPES)
