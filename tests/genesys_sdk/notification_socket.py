"""Just enough of a WebSocket to hear what Genesys says on a notification channel."""

import base64
import json
import os
import socket
import struct
import urllib.parse

from simulation import PATIENCE_SECONDS

TEXT = 0x81
SHORT, LONG = 126, 127


class NotificationSocket:
    """The open socket of a channel; use it with `with`."""

    def __init__(self, connect_uri):
        uri = urllib.parse.urlsplit(connect_uri)
        self.connection = socket.create_connection((uri.hostname, uri.port), PATIENCE_SECONDS)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall(
            f"GET {uri.path} HTTP/1.1\r\nHost: {uri.netloc}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            .encode()
        )
        self.stream = self.connection.makefile("rb")
        status = self.stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"the socket does not open: {status}")
        while self.stream.readline() != b"\r\n":
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stream.close()
        self.connection.close()

    def next(self):
        """The next frame. Genesys sends whole frames of JSON, and a simulator no other."""
        kind, length = self.stream.read(2)
        if kind != TEXT:
            raise ConnectionError(f"the socket ends, or says something odd: {kind:#x}")
        if length == SHORT:
            (length,) = struct.unpack("!H", self.stream.read(2))
        elif length == LONG:
            (length,) = struct.unpack("!Q", self.stream.read(8))
        return json.loads(self.stream.read(length))

    def until(self, is_last):
        """The events up to the one that is meant, without the heartbeats between them."""
        events = []
        while True:
            frame = self.next()
            if frame["topicName"] != "channel.metadata":
                events.append(frame)
                if is_last(frame):
                    return events
