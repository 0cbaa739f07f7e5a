"""The images, and the compose file that starts them."""

import pathlib
import re
import unittest

import deployment

CONTAINERFILE = deployment.DEPLOY / "Containerfile"
COMPOSE = deployment.DEPLOY / "compose.yaml"
# What lets a container out.
PRIVILEGES = {
    "privileged", "cap_add", "devices", "pid", "ipc", "userns_mode", "volumes_from", "cgroup_parent",
}


class TheImages(unittest.TestCase):
    def test_have_nothing_that_a_linter_finds(self):
        deployment.run(deployment.tool("hadolint"), str(CONTAINERFILE))

    def test_start_from_bases_with_versions(self):
        for base in stages().values():
            self.assertRegex(base, r"^[a-z.]+/.+:(.*\d|nonroot)")
            self.assertNotIn("latest", base)

    def test_are_built_with_the_rust_that_the_workspace_asks_for(self):
        workspace = (deployment.ROOT / "Cargo.toml").read_text()
        version = re.search(r'^rust-version = "(.+)"', workspace, re.MULTILINE)[1]
        self.assertTrue(stages()["build"].split(":")[1].startswith(version + "."))

    def test_have_the_envoy_that_is_tested(self):
        makefile = (deployment.ROOT / "Makefile").read_text()
        version = re.search(r"^ENVOY_VERSION := (.+)$", makefile, re.MULTILINE)[1]
        self.assertTrue(stages()["envoy"].endswith(f"-v{version}"))

    def test_run_as_nobody_and_without_the_simulator(self):
        text = CONTAINERFILE.read_text()
        self.assertEqual(text.count("\nUSER 65532:65532\n"), 2)
        self.assertNotIn("USER root", text)
        self.assertIn("--package baton --no-default-features", text)
        self.assertEqual(list(stages())[-1], "sidecar")

    def test_are_built_from_no_secret(self):
        ignored = (deployment.DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
        self.assertLessEqual({".git", "target", "deploy/.env"}, set(ignored))


class TheComposeFile(unittest.TestCase):
    def setUp(self):
        self.services = deployment.read_yaml(COMPOSE)["services"]

    def test_is_one_by_the_specification(self):
        import compose_spec

        options = compose_spec.PyOptions()
        options.apply_merge = True
        options.from_yaml(COMPOSE.read_text()).validate()
        with self.assertRaises(ValueError):
            options.from_yaml(COMPOSE.read_text().replace("read_only: true", "read_only: perhaps"))

    def test_gives_no_service_a_privilege(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertEqual(service["security_opt"], ["no-new-privileges:true"])
                self.assertFalse(PRIVILEGES & service.keys())
                self.assertNotEqual(service.get("network_mode"), "host")
                self.assertNotIn("docker.sock", str(service.get("volumes")))

    def test_lets_envoy_and_the_sidecar_share_one_loopback_interface(self):
        for name in ("envoy", "sidecar"):
            self.assertEqual(self.services[name]["network_mode"], "service:network")
            self.assertNotIn("ports", self.services[name])

    def test_publishes_the_public_ports_and_keeps_monitoring_on_the_host(self):
        published = self.services["network"]["ports"]
        self.assertEqual(published, ["443:443", "80:80", "127.0.0.1:8084:8084", "127.0.0.1:9902:9902"])

    def test_mounts_what_is_there_and_to_be_read_only(self):
        for service in self.services.values():
            for volume in service.get("volumes", []):
                source, target, *mode = volume.split(":")
                if source in ("store", "./tls"):
                    continue
                self.assertTrue((deployment.DEPLOY / pathlib.Path(source)).exists(), source)
                self.assertEqual(mode, ["ro"], target)

    def test_starts_envoy_as_the_pod_does(self):
        pod = deployment.pod_template()
        envoy, sidecar = pod["initContainers"][0], pod["containers"][0]
        self.assertEqual(self.services["envoy"]["entrypoint"], envoy["command"])
        self.assertEqual(self.services["envoy"]["command"], envoy["args"])
        self.assertEqual(self.services["envoy"]["working_dir"], envoy["workingDir"])
        variables = {variable["name"]: variable["value"] for variable in sidecar["env"]}
        self.assertEqual(self.services["sidecar"]["environment"], variables)
        text = CONTAINERFILE.read_text()
        self.assertIn(f'ENTRYPOINT ["{sidecar["command"][0]}"]', text)
        quoted = ", ".join(f'"{argument}"' for argument in sidecar["args"])
        self.assertIn(f"CMD [{quoted}]", text)

    def test_names_every_secret_that_the_example_has(self):
        example = (deployment.DEPLOY / "environment.example").read_text()
        named = set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))
        configuration = (deployment.DEPLOY / "baton.toml").read_text()
        used = set(re.findall(r'env = "([A-Z_]+)"', configuration)) | {"BATON_ADMIN_CREDENTIAL"}
        self.assertEqual(named, used | self.services["envoy"]["environment"].keys())


def stages():
    """The bases of the images, by the names of the stages."""
    found = re.findall(r"^FROM (\S+) AS (\S+)$", CONTAINERFILE.read_text(), re.MULTILINE)
    return {name: base for base, name in found}
