"""The official SDK against the simulator: what it does with Genesys, it can do here.

Each answer is compared with the SDK's model of it, by the client itself.
"""

import json
import unittest
import uuid

import simulation
from notification_socket import NotificationSocket
from sdk import sdk
from simulation import Simulation, from_user, integration_id, write

DANA = "aa11bb22-cc33-4d44-8e55-ff6677889900"
MILAN = "bb22cc33-dd44-4e55-8f66-007788990011"
SALES = "11223344-5566-4778-899a-abbccddeeff0"


class SdkTest(unittest.TestCase):
    """Tests that share a simulator. Each has a token and an end user of its own."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation.of_class(cls)

    def setUp(self):
        self.client = self.simulation.client()
        self.conversations = sdk.ConversationsApi(self.client)
        self.notifications = sdk.NotificationsApi(self.client)
        self.user = f"end-user-{uuid.uuid4()}"

    def refusal(self, call, *arguments, **more):
        """The ErrorBody of a call that is refused, and its headers."""
        with self.assertRaises(sdk.rest.ApiException) as caught:
            call(*arguments, **more)
        error = caught.exception
        body = self.client.load(json.loads(error.body), "ErrorBody")
        self.assertEqual(body.status, error.status)
        self.assertEqual(body.context_id, error.headers["ININ-Correlation-Id"])
        return body, error.headers

    def participant(self, conversation_id, purpose):
        """The live one of this purpose."""
        conversation = self.conversations.get_conversations_message(conversation_id)
        live = [
            one
            for one in conversation.participants
            if one.purpose == purpose and one.state != "disconnected"
        ]
        self.assertEqual(len(live), 1, f"{purpose} of {conversation}")
        return live[0]


class Conversations(SdkTest):
    def test_a_message_begins_a_conversation_and_the_next_one_joins_it(self):
        first = write(self.client, self.user, "Hello")
        self.assertEqual(first.text, "Hello")
        self.assertEqual(str(uuid.UUID(first.conversation_id)), first.conversation_id)
        second = write(self.client, self.user, "Is anybody there?")
        self.assertEqual(second.conversation_id, first.conversation_id)
        self.assertNotEqual(second.id, first.id)
        customer = self.participant(first.conversation_id, "customer")
        self.assertEqual(customer.from_address.address_normalized, self.user)
        self.assertEqual([one.message_id for one in customer.messages], [first.id, second.id])

    def test_a_message_can_be_read_in_three_ways(self):
        written = write(self.client, self.user, "Read me")
        details = self.conversations.get_conversations_message_details(written.id)
        self.assertEqual(details.conversation_id, written.conversation_id)
        self.assertEqual(details.normalized_message.text, "Read me")
        message = self.conversations.get_conversations_message_message(
            written.conversation_id, written.id
        )
        many = self.conversations.post_conversations_message_messages_bulk(
            written.conversation_id, body=[written.id]
        )
        self.assertEqual([message, *many.entities], [details, details])

    def test_attributes_are_added_to_those_of_the_participant(self):
        conversation_id = write(self.client, self.user).conversation_id
        customer = self.participant(conversation_id, "customer")
        reason = sdk.ParticipantAttributes()
        reason.attributes = {"reason": "parcel"}
        set_for_messages = self.conversations.patch_conversations_message_participant_attributes
        set_for_messages(conversation_id, customer.id, body=reason)
        language = sdk.ParticipantAttributes()
        language.attributes = {"language": "en"}
        set_for_any = self.conversations.patch_conversation_participant_attributes
        set_for_any(conversation_id, customer.id, language)
        attributes = self.participant(conversation_id, "customer").attributes
        self.assertEqual(attributes, {"reason": "parcel", "language": "en"})

    def test_an_agent_answers_and_transfers_to_a_queue_and_the_customer_leaves(self):
        conversation_id = write(self.client, self.user).conversation_id
        self.simulation.act(conversation_id, "accept", user=DANA)
        self.simulation.act(conversation_id, "answer", text="Hello, this is Dana.")
        agent = self.participant(conversation_id, "agent")
        self.assertEqual((agent.user.id, agent.state), (DANA, "connected"))

        transfer = sdk.TransferToQueueRequest()
        transfer.transfer_type = "Unattended"
        transfer.queue_id = SALES
        self.conversations.post_conversation_participant_replace_queue(
            conversation_id, agent.id, transfer
        )
        self.assertEqual(self.participant(conversation_id, "acd").queue.id, SALES)

        leave = sdk.MediaParticipantRequest()
        leave.state = "disconnected"
        customer = self.participant(conversation_id, "customer")
        self.conversations.patch_conversations_message_participant(
            conversation_id, customer.id, body=leave
        )
        conversation = self.conversations.get_conversations_message(conversation_id)
        states = {one.state for one in conversation.participants}
        self.assertEqual(states, {"disconnected"})

    def test_a_choice_a_receipt_and_typing_are_taken(self):
        integration = integration_id(self.client)
        written = write(self.client, self.user)
        self.simulation.act(written.conversation_id, "accept", user=DANA)
        said = self.simulation.act(written.conversation_id, "answer", text="Yes or no?")

        chosen = self.conversations.post_conversations_message_inbound_open_structured_response(
            integration,
            {
                "channel": from_user(self.user),
                "buttonResponse": {"type": "QuickReply", "text": "Yes", "payload": "yes"},
                "originatingMessageId": said["message_id"],
            },
        )
        self.assertEqual(chosen.content[0].button_response.payload, "yes")

        channel = {"to": {"id": self.user, "idType": "Opaque"}, "time": simulation.NOW}
        receipt = self.conversations.post_conversations_message_inbound_open_receipt(
            integration,
            {
                "id": said["message_id"],
                "channel": channel,
                "status": "Failed",
                "reasons": [{"code": "MessageExpired", "message": "The customer has left."}],
            },
        )
        self.assertEqual((receipt.id, receipt.status), (said["message_id"], "Failed"))
        details = self.conversations.get_conversations_message_details(said["message_id"])
        self.assertEqual(len(details.normalized_receipts), 1)

        typing = {"channel": from_user(self.user), "events": [{"eventType": "Typing"}]}
        event = self.conversations.post_conversations_message_inbound_open_event(
            integration, typing
        )
        self.assertEqual(event.events[0].event_type, "Typing")

    def test_a_conversation_is_ended_in_three_ways(self):
        for end in [
            self.conversations.post_conversation_disconnect,
            self.conversations.delete_conversation,
            lambda id: self.conversations.patch_conversations_message(
                id, {"state": "disconnected"}
            ),
        ]:
            conversation_id = write(self.client, self.user).conversation_id
            end(conversation_id)
            conversation = self.conversations.get_conversations_message(conversation_id)
            states = {one.state for one in conversation.participants}
            self.assertEqual(states, {"disconnected"})

    def test_an_agent_transfers_to_another_agent(self):
        conversation_id = write(self.client, self.user).conversation_id
        self.simulation.act(conversation_id, "accept", user=DANA)
        transfer = sdk.TransferRequest()
        transfer.user_id = MILAN
        self.conversations.post_conversations_message_participant_replace(
            conversation_id, self.participant(conversation_id, "agent").id, transfer
        )
        agent = self.participant(conversation_id, "agent")
        self.assertEqual((agent.user.id, agent.state), (MILAN, "alerting"))

    def test_a_program_writes_without_an_agent(self):
        order = sdk.SendAgentlessOutboundMessageRequest()
        order.from_address = integration_id(self.client)
        order.to_address = self.user
        order.to_address_messenger_type = "open"
        order.text_body = "Your parcel has arrived."
        sent = self.conversations.post_conversations_messages_agentless(order)
        self.assertEqual(sent.to_address, self.user)
        self.assertEqual(sent.message.normalized_message.text, order.text_body)


class Directory(SdkTest):
    def test_integrations_are_made_and_listed_on_pages_and_read_by_their_id(self):
        for name in ["Second", "Third"]:
            order = sdk.OpenIntegrationRequest()
            order.name = name
            order.outbound_notification_webhook_url = self.simulation.webhooks.url
            order.outbound_notification_webhook_signature_secret_token = simulation.WEBHOOK_SECRET
            made = self.conversations.post_conversations_messaging_integrations_open(order)
            self.assertEqual((made.name, made.create_status), (name, "Completed"))
        listing = self.conversations.get_conversations_messaging_integrations_open
        pages = [listing(page_size=2, page_number=number) for number in [1, 2]]
        self.assertEqual({(page.page_count, page.total) for page in pages}, {(2, 3)})
        self.assertEqual([len(page.entities) for page in pages], [2, 1])
        third = pages[1].entities[0]
        read = self.conversations.get_conversations_messaging_integrations_open_integration_id
        self.assertEqual(read(third.id).name, "Third")

    def test_users_have_names_and_pictures(self):
        users = sdk.UsersApi(self.client)
        dana = users.get_user(DANA)
        self.assertEqual((dana.name, dana.preferred_name), ("Dana Reyes", "Dana"))
        self.assertEqual([image.resolution for image in dana.images], ["x400", "x96"])
        self.assertIn(DANA, [user.id for user in users.get_users(page_size=100).entities])

    def test_queues_are_found_by_their_name(self):
        routing = sdk.RoutingApi(self.client)
        [sales] = routing.get_routing_queues(name="Sales").entities
        self.assertEqual(sales.id, SALES)
        self.assertEqual(routing.get_routing_queue(SALES).name, "Sales")


class Channels(SdkTest):
    def topic(self, name):
        topic = sdk.ChannelTopic()
        topic.id = name
        return topic

    def test_a_channel_is_made_and_takes_topics_and_its_socket_tells_of_them(self):
        conversation_id = write(self.client, self.user).conversation_id
        prefix = f"v2.detail.events.conversation.{conversation_id}"
        channel = self.notifications.post_notifications_channels()
        listed = self.notifications.get_notifications_channels(includechannels="token")
        self.assertEqual(listed.entities, [channel])
        self.notifications.head_notifications_channel(channel.id)

        add = self.notifications.post_notifications_channel_subscriptions
        add(channel.id, [self.topic(f"{prefix}.acw")])
        replace = self.notifications.put_notifications_channel_subscriptions
        names = [f"{prefix}.user.start", f"{prefix}.user.end"]
        replaced = replace(channel.id, [self.topic(name) for name in names])
        self.assertEqual([topic.id for topic in replaced.entities], names)
        subscriptions = self.notifications.get_notifications_channel_subscriptions
        self.assertEqual(subscriptions(channel.id), replaced)

        with NotificationSocket(channel.connect_uri) as socket:
            self.simulation.act(conversation_id, "accept", user=DANA)
            [event] = socket.until(lambda frame: True)
        self.assertEqual(event["topicName"], f"{prefix}.user.start")

        self.notifications.delete_notifications_channel_subscriptions(channel.id)
        self.assertEqual(subscriptions(channel.id).entities, [])

    def test_the_topics_that_there_are_can_be_listed(self):
        topics = self.notifications.get_notifications_availabletopics(expand=["description"])
        self.assertIn(
            "v2.detail.events.conversation.{id}.user.end", [topic.id for topic in topics.entities]
        )

    def test_a_topic_without_permission_is_refused_or_rejected(self):
        notifications = sdk.NotificationsApi(self.simulation.client(simulation.NOBODY))
        channel = notifications.post_notifications_channels()
        add = notifications.post_notifications_channel_subscriptions
        topics = [self.topic(f"v2.detail.events.conversation.{uuid.uuid4()}.user.end")]
        body, _headers = self.refusal(add, channel.id, topics)
        self.assertEqual((body.status, body.code), (403, "missing.permissions"))
        [topic] = add(channel.id, topics, ignore_errors=True).entities
        self.assertEqual(topic.state, "Rejected")
        self.assertEqual(topic.missing_permissions, ["analytics:conversationDetail:view"])


class Refusals(SdkTest):
    def test_wrong_credentials_give_no_token(self):
        with self.assertRaises(sdk.rest.ApiException) as caught:
            self.simulation.client(("baton", "not-the-secret"))
        # OAuth's errors have their own form.
        error = json.loads(caught.exception.body)
        self.assertEqual((caught.exception.status, error["error"]), (401, "invalid_client"))

    def test_401_for_a_token_that_is_none(self):
        self.client.access_token = "not-a-token"
        body, _headers = self.refusal(self.notifications.post_notifications_channels)
        self.assertEqual((body.status, body.code), (401, "bad.credentials"))

    def test_403_names_the_missing_permission(self):
        conversations = sdk.ConversationsApi(self.simulation.client(simulation.NOBODY))
        body, _headers = self.refusal(
            conversations.get_conversations_messaging_integrations_open
        )
        self.assertEqual((body.status, body.code), (403, "missing.permissions"))
        self.assertEqual(body.message_params, {"permissions": "messaging:integration:view"})
        self.assertIn("messaging:integration:view", body.message)

    def test_404_names_what_is_not_there(self):
        missing = str(uuid.uuid4())
        read = self.conversations.get_conversations_message
        body, _headers = self.refusal(read, missing)
        self.assertEqual(body.status, 404)
        self.assertEqual(body.code, "conversation.error.conversation.not.found")
        self.assertEqual((body.entity_name, body.entity_id), ("conversation", missing))

    def test_400_for_a_message_without_its_sender(self):
        send = self.conversations.post_conversations_message_inbound_open_message
        body, _headers = self.refusal(
            send, integration_id(self.client), sdk.OpenInboundNormalizedMessage()
        )
        self.assertEqual((body.status, body.code), (400, "bad.request"))

    def test_429_says_when_to_come_back_and_other_tokens_go_on(self):
        read = sdk.UsersApi(self.client).get_user
        for _number in range(300):
            read(DANA)
        self.assertEqual(self.client.last_response.getheader("inin-ratelimit-count"), "300")
        self.assertEqual(self.client.last_response.getheader("inin-ratelimit-allowed"), "300")
        body, headers = self.refusal(read, DANA)
        self.assertEqual((body.status, body.code), (429, "too.many.requests.retry.after"))
        self.assertEqual((body.limit.value, body.limit.namespace), (300, "platform.api"))
        self.assertGreater(int(headers["Retry-After"]), 0)
        sdk.UsersApi(self.simulation.client()).get_user(DANA)

    def test_the_sdks_own_retrying_waits_out_a_429(self):
        self.client.retry(sdk.rest.urllib3.util.Retry())
        rule = {"fault": {"answer": {"status": 429}}, "matching": "{userId}", "next": 1}
        self.simulation.control("faults", {"requests": [rule]}, method="PUT")
        self.assertEqual(sdk.UsersApi(self.client).get_user(DANA).id, DANA)
        [rule] = self.simulation.control("faults")["requests"]
        self.assertEqual((rule["next"], rule["struck"]), (0, 1))
