"""The unit of systemd: it is understood, and it gives the process little."""

import pathlib
import re
import subprocess
import tempfile
import unittest

import deployment

UNIT = deployment.DEPLOY / "systemd/baton.service"
# As `systemd-analyze security` counts, from 0, nothing, to 10, everything. What is left is the network.
MOST_EXPOSURE = 1.5


class TheUnit(unittest.TestCase):
    def setUp(self):
        self.systemd_analyze = deployment.tool("systemd-analyze")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # The program is looked for where it would be installed.
        text = UNIT.read_text().replace("/usr/local/bin/baton ", "/bin/true ")
        self.unit = pathlib.Path(folder.name) / UNIT.name
        self.unit.write_text(text)

    def test_is_understood(self):
        # A setting that it does not know is no error to it.
        done = subprocess.run([self.systemd_analyze, "verify", "--man=no", str(self.unit)],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_gives_the_process_little(self):
        text = deployment.run(self.systemd_analyze, "security", "--offline=true", str(self.unit))
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", text)
        self.assertLessEqual(float(exposure[1]), MOST_EXPOSURE, text)

    def test_starts_the_sidecar_as_the_pod_does(self):
        sidecar = deployment.pod_template()["containers"][0]
        started = re.search(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)[1].split()
        self.assertEqual(started, [*sidecar["command"], *sidecar["args"]])
