"""The resources for Kubernetes: their shape, and the rights of the pod."""

import itertools
import re
import tomllib
import unittest

import yaml

import deployment

# The oldest that starts Envoy before the sidecar, and the newest that is known.
VERSIONS = ["1.29", "1.37"]


class TheResources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        deployment.manifest()

    def test_fit_the_schemas_of_kubernetes(self):
        import kubernetes_validate

        for folder, version in itertools.product(["kubernetes", "istio"], VERSIONS):
            for resource in yaml.safe_load_all(deployment.manifest(folder)):
                with self.subTest(folder, kind=resource["kind"], version=version):
                    kubernetes_validate.validate(resource, version, strict=True)

    def test_misspelt_would_not(self):
        import kubernetes_validate

        service = deployment.resources("Service")[0]
        service["spec"]["externalTraficPolicy"] = "Local"
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(service, VERSIONS[-1], strict=True)

    def test_keep_a_store_to_one_process(self):
        [stateful_set] = deployment.resources("StatefulSet")
        self.assertEqual(stateful_set["spec"]["replicas"], 1)
        [claim] = stateful_set["spec"]["volumeClaimTemplates"]
        self.assertEqual(claim["spec"]["accessModes"], ["ReadWriteOncePod"])

    def test_hold_no_secret(self):
        self.assertEqual(deployment.resources("Secret"), [])

    def test_lead_only_to_ports_that_the_pod_has(self):
        ports = {port["name"] for container in containers() for port in container.get("ports", [])}
        named = {port["targetPort"] for service in deployment.resources("Service")
                 for port in service["spec"]["ports"]}
        self.assertLessEqual(named, ports)
        labels = deployment.resources("StatefulSet")[0]["spec"]["template"]["metadata"]["labels"]
        for service in deployment.resources("Service"):
            self.assertLessEqual(service["spec"]["selector"].items(), labels.items())

    def test_give_the_sidecar_longer_to_stop_than_it_takes(self):
        default = (deployment.ROOT / "src/sidecar/baton.default.toml").read_text()
        drain = tomllib.loads(default)["drain"]["seconds"]
        unit = (deployment.DEPLOY / "systemd/baton.service").read_text()
        compose = deployment.read_yaml(deployment.DEPLOY / "compose.yaml")["services"]["sidecar"]
        for given in (
            deployment.pod_template()["terminationGracePeriodSeconds"],
            int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[1]),
            int(compose["stop_grace_period"].removesuffix("s")),
        ):
            self.assertGreater(given, drain)

    def test_let_only_envoys_ports_be_reached(self):
        [policy] = deployment.resources("NetworkPolicy")
        self.assertEqual(set(policy["spec"]["policyTypes"]), {"Ingress", "Egress"})
        open_to_all = {port["port"] for rule in policy["spec"]["ingress"] if "from" not in rule
                       for port in rule["ports"]}
        self.assertEqual(open_to_all, {443, 80})


class InAMesh(unittest.TestCase):
    """The same without Envoy, behind a gateway of Istio."""

    @classmethod
    def setUpClass(cls):
        deployment.manifest("istio")

    def test_the_pod_is_the_sidecar_alone_with_the_rights_that_it_had(self):
        [stateful_set] = deployment.resources("StatefulSet", "istio")
        pod = stateful_set["spec"]["template"]["spec"]
        self.assertNotIn("initContainers", pod)
        alone = deployment.pod_template()["containers"][0]
        self.assertEqual(pod["containers"], [alone])
        mounted = {mount["name"] for mount in alone["volumeMounts"]}
        self.assertLessEqual({volume["name"] for volume in pod["volumes"]}, mounted)

    def test_the_service_has_the_ports_that_istio_leads_to(self):
        services = {
            service["metadata"]["name"]: service
            for service in deployment.resources("Service", "istio")
        }
        service, observed = services["baton"], services["baton-observation"]
        ports = {(port["name"], port["port"]) for port in service["spec"]["ports"]}
        istio = deployment.ROOT / "envoy/istio"
        sidecar = next(yaml.safe_load_all((istio / "sidecar.yaml").read_text()))["spec"]
        entries = [entry["port"] for entry in sidecar["ingress"]]
        self.assertEqual({(entry["name"], entry["number"]) for entry in entries}, ports)
        self.assertEqual(sidecar["workloadSelector"]["labels"], service["spec"]["selector"])
        # Prometheus may stand outside of the mesh.
        mutual = list(yaml.safe_load_all((istio / "sidecar.yaml").read_text()))[1]["spec"]
        self.assertEqual(set(mutual["portLevelMtls"]), {port["port"] for port in observed["spec"]["ports"]})
        host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local"
        for resource in yaml.safe_load_all((istio / "routes.yaml").read_text()):
            for route in resource["spec"].get("http", []):
                destination = route["route"][0]["destination"]
                self.assertEqual(destination["host"], host)
                self.assertIn(destination["port"]["number"], {port for _, port in ports})

    def test_only_the_gateway_and_monitoring_get_to_the_pod(self):
        [policy] = deployment.resources("NetworkPolicy", "istio")
        self.assertTrue(all("from" in rule for rule in policy["spec"]["ingress"]))


class ThePodsRights(unittest.TestCase):
    """As the policy `restricted` of Pod Security Standards asks, and a little more."""

    @classmethod
    def setUpClass(cls):
        deployment.manifest()

    def test_are_those_of_nobody(self):
        pod = deployment.pod_template()
        context = pod["securityContext"]
        self.assertTrue(context["runAsNonRoot"])
        self.assertNotEqual(context["runAsUser"], 0)
        self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(pod["automountServiceAccountToken"])
        self.assertFalse({"hostNetwork", "hostPID", "hostIPC"} & pod.keys())
        # The only setting of the kernel that `restricted` allows of those that are used here.
        self.assertEqual([setting["name"] for setting in context["sysctls"]],
                         ["net.ipv4.ip_unprivileged_port_start"])

    def test_let_no_container_write_or_rise(self):
        for container in containers():
            with self.subTest(container["name"]):
                self.assertEqual(container["securityContext"], {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                })
                self.assertIn("memory", container["resources"]["limits"])

    def test_give_no_folder_of_the_machine(self):
        for volume in deployment.pod_template()["volumes"]:
            self.assertLessEqual(volume.keys(), {"name", "configMap", "secret"})

    def test_give_envoy_no_secret_that_it_does_not_use(self):
        envoy = next(part for part in containers() if part["name"] == "envoy")
        self.assertEqual({variable["name"] for variable in envoy["env"]},
                         {"BATON_DELIVERY_CREDENTIAL", "GENESYS_WEBHOOK_SECRET"})
        self.assertNotIn("envFrom", envoy)


def containers():
    pod = deployment.pod_template()
    return [*pod["initContainers"], *pod["containers"]]
