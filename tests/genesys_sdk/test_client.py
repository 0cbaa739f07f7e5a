"""What our own client sends, beside what the official SDK knows of Genesys.

Every call of the client is made once against the simulator, which notes what it was sent.
"""

import subprocess
import unittest
import urllib.parse

import endpoints
from sdk import Client
from simulation import CALLS, PATIENCE_SECONDS, Simulation

# Where Genesys takes the participant's data, and its SDKs do not know of it.
CUSTOM_ATTRIBUTES = "channel.metadata.customAttributes is unknown to ConversationChannelMetadata"

# All that our client asks of Genesys.
ASKED = {
    "DELETE /api/v2/notifications/channels/{channelId}/subscriptions",
    "GET /api/v2/conversations/messages/{conversationId}",
    "GET /api/v2/conversations/messages/{conversationId}/messages/{messageId}",
    "GET /api/v2/conversations/messages/{messageId}/details",
    "GET /api/v2/conversations/messaging/integrations/open",
    "GET /api/v2/conversations/messaging/integrations/open/{integrationId}",
    "GET /api/v2/conversations/messaging/settings",
    "GET /api/v2/conversations/messaging/settings/{messageSettingId}",
    "GET /api/v2/conversations/messaging/supportedcontent",
    "GET /api/v2/flows",
    "GET /api/v2/notifications/channels",
    "GET /api/v2/routing/message/recipients/{recipientId}",
    "GET /api/v2/routing/queues",
    "GET /api/v2/users/{userId}",
    "PATCH /api/v2/conversations/messages/{conversationId}/participants/{participantId}",
    "PATCH /api/v2/conversations/messages/{conversationId}/participants/{participantId}/attributes",
    "PATCH /api/v2/conversations/messaging/integrations/open/{integrationId}",
    "PATCH /api/v2/conversations/messaging/settings/{messageSettingId}",
    "POST /api/v2/conversations/messages/{integrationId}/inbound/open/event",
    "POST /api/v2/conversations/messages/{integrationId}/inbound/open/message",
    "POST /api/v2/conversations/messages/{integrationId}/inbound/open/receipt",
    "POST /api/v2/conversations/messages/{integrationId}/inbound/open/structured/response",
    "POST /api/v2/conversations/messaging/integrations/open",
    "POST /api/v2/conversations/messaging/settings",
    "POST /api/v2/conversations/messaging/supportedcontent",
    "POST /api/v2/conversations/{conversationId}/participants/{participantId}/replace/queue",
    "POST /api/v2/notifications/channels",
    "POST /api/v2/notifications/channels/{channelId}/subscriptions",
    "POST /api/v2/routing/queues",
    "PUT /api/v2/notifications/channels/{channelId}/subscriptions",
    "PUT /api/v2/routing/message/recipients/{recipientId}",
}


class WhatOurClientSends(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Simulation() as simulation:
            subprocess.run([CALLS, simulation.address], check=True, timeout=PATIENCE_SECONDS)
            cls.requests = simulation.control("requests")
            cls.counters = simulation.control("counters")
            cls.client = Client(simulation.address)

    def each(self):
        """Each request, and the endpoint that takes it."""
        for request in self.requests:
            endpoint = endpoints.find(request["method"], request["path"])
            self.assertIsNotNone(endpoint, f"Genesys has no such endpoint: {request}")
            yield request, endpoint

    def test_every_call_is_made_and_genesys_has_an_endpoint_for_it(self):
        asked = {f"{endpoint.method} {endpoint.path}" for _request, endpoint in self.each()}
        self.assertEqual(asked, ASKED)

    def test_no_query_has_a_name_that_genesys_does_not_know(self):
        for request, endpoint in self.each():
            names = urllib.parse.parse_qs(request["query"]).keys()
            self.assertLessEqual(names, endpoint.query)

    def test_every_body_is_what_the_sdks_model_says(self):
        differences = []
        for request, endpoint in self.each():
            if request["path"] == "/api/v2/notifications/channels":
                # The SDK sends no body, and Genesys asks for none.
                self.assertIn(request.get("body"), [None, {}])
            elif endpoint.body is None or request["method"] == "GET":
                self.assertNotIn("body", request)
            else:
                differences += self.client.differences(request["body"], endpoint.body)
        # Only some messages carry them.
        self.assertEqual(set(differences), {CUSTOM_ATTRIBUTES})

    def test_the_simulator_finds_no_unknown_member_either(self):
        self.assertEqual(self.counters["unknown_fields"], {})


