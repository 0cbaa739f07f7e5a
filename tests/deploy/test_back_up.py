"""The back-up of docs/deploy.md: a copy made while the sidecar runs is one that it starts with."""

import os
import pathlib
import re
import select
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.request

import deployment

CONFIGURATION = """
[chat]
listen = "127.0.0.1:0"
[internal]
listen = "127.0.0.1:0"
[application]
listen = "127.0.0.1:0"
"""
STARTING_SECONDS = 60


class BackUp(unittest.TestCase):
    def start(self, place):
        """Starts a sidecar on the store that is there, and returns it once it is well."""
        (place / "baton.toml").write_text(CONFIGURATION)
        environment = os.environ | {
            "BATON_DELIVERY_CREDENTIAL": "a credential for deliveries",
            "BATON_ADMIN_CREDENTIAL": "another one for operators",
        }
        sidecar = subprocess.Popen(
            [deployment.tool("baton", "BATON_BINARY"), "serve"], cwd=place, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.addCleanup(self.stop, sidecar)
        readable, _, _ = select.select([sidecar.stdout], [], [], STARTING_SECONDS)
        self.assertTrue(readable, "the sidecar does not start")
        address = re.search(r"operators (http://\S+)", sidecar.stdout.readline())[1]
        health = f"{address}/internal/v1/health"
        with urllib.request.urlopen(health, timeout=STARTING_SECONDS) as answer:
            self.assertEqual(answer.status, 200)
        return sidecar

    @staticmethod
    def stop(sidecar):
        sidecar.terminate()
        sidecar.communicate(timeout=STARTING_SECONDS)

    def test_of_a_store_that_is_in_use_is_whole_and_starts_a_sidecar(self):
        statement = "VACUUM INTO '/backup/baton.db'"
        self.assertIn(statement, (deployment.ROOT / "docs/deploy.md").read_text())
        with tempfile.TemporaryDirectory() as folder:
            live, copied = pathlib.Path(folder, "live"), pathlib.Path(folder, "copied")
            live.mkdir()
            copied.mkdir()
            running = self.start(live)
            with sqlite3.connect(live / "baton.db") as store:
                store.execute(statement.replace("/backup", str(copied)))
                tables = store.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall()
            self.assertIsNone(running.poll())
            with sqlite3.connect(copied / "baton.db") as copy:
                self.assertEqual(copy.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                self.assertEqual(
                    copy.execute("SELECT name FROM sqlite_master ORDER BY name").fetchall(), tables)
            copy.close()
            self.start(copied)
