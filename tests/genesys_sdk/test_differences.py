"""That the comparison finds what it is there to find, where the SDK keeps silent."""

import unittest

from sdk import Client

RECEIPT = {
    "id": "f899139df5e1059396431415e770c6dd",
    "channel": {
        "to": {"id": "end-user", "idType": "Opaque"}, "time": "2026-05-04T09:15:23.000Z",
    },
    "status": "Failed",
    "reasons": [{"code": "MessageExpired", "message": "The customer has left."}],
    "isFinalReceipt": True,
}


class Differences(unittest.TestCase):
    def found(self, **changes):
        client = Client("http://127.0.0.1:9")
        return client.differences({**RECEIPT, **changes}, "OpenInboundNormalizedReceipt")

    def test_what_is_right_has_none(self):
        self.assertEqual(self.found(), [])

    def test_a_member_that_genesys_does_not_know(self):
        self.assertEqual(
            self.found(direction="Outbound"),
            ["direction is unknown to OpenInboundNormalizedReceipt"],
        )

    def test_a_value_that_the_enumeration_does_not_have(self):
        self.assertEqual(self.found(status="Read"), ["status has the unknown value 'Read'"])
        reasons = [{"code": "Tired", "message": ""}]
        self.assertEqual(
            self.found(reasons=reasons), ["reasons[0].code has the unknown value 'Tired'"]
        )

    def test_a_wrong_type(self):
        self.assertEqual(self.found(isFinalReceipt="yes"), ["isFinalReceipt is no bool: 'yes'"])
        self.assertEqual(self.found(id=7), ["id is no str: 7"])
        self.assertEqual(self.found(reasons={}), ["reasons is no list"])
        self.assertEqual(self.found(channel=[]), ["channel is no object"])
        self.assertEqual(self.found(isFinalReceipt=None), ["isFinalReceipt is null"])

    def test_a_time_that_is_not_written_as_genesys_writes_it(self):
        channel = {**RECEIPT["channel"], "time": "4 May 2026"}
        self.assertEqual(self.found(channel=channel), ["channel.time is no datetime: '4 May 2026'"])

    def test_a_member_that_has_to_be_there(self):
        self.assertEqual(
            self.found(channel={"to": {}}), ["channel.time is missing", "channel.to.id is missing"]
        )
