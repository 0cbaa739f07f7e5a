"""The pod as the manifest starts it: who gets in, what stays closed, and how it ends."""

import unittest

import deployment


class ThePod(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = deployment.pod()

    def test_is_ready_by_its_own_probes(self):
        self.assertEqual(set(self.seen["probes"].values()), {200}, self.seen["probes"])
        self.assertEqual(len(self.seen["probes"]), 5)

    def test_takes_a_signed_webhook_and_refuses_a_forged_one(self):
        self.assertEqual((self.seen["signed"], self.seen["forged"]), (200, 401))

    def test_leads_chat_clients_to_the_sidecar_and_plain_http_to_https(self):
        self.assertEqual((self.seen["chat"], self.seen["plain"]), (401, 308))

    def test_shows_the_internet_nothing_of_the_internal_listener(self):
        self.assertEqual(self.seen["internal from outside"], 404)

    def test_listens_to_others_than_itself_by_envoy_and_for_monitoring_only(self):
        self.assertEqual(self.seen["listening"], [])

    def test_shows_monitoring_metrics_and_nothing_else(self):
        self.assertEqual(self.seen["metrics"][0], 200)
        self.assertEqual(self.seen["counters"][0], 200)
        self.assertEqual(self.seen["tenants by observation"], [404, 404])
        self.assertEqual(self.seen["posted to observation"], [405, 404])

    def test_writes_to_its_store_alone(self):
        self.assertIn("baton.db", self.seen["stored"])

    def test_ends_the_sidecar_and_then_envoy_when_it_is_told_to(self):
        self.assertEqual(list(self.seen["stopped"].items()), [("sidecar", 0), ("envoy", 0)])

    def test_has_no_secret_in_its_logs_and_metrics(self):
        said = [*self.seen["logs"].values(), self.seen["metrics"][1], self.seen["counters"][1]]
        self.assertTrue(all(said))
        for secret in self.seen["secrets"]:
            self.assertFalse(any(secret in text for text in said))
