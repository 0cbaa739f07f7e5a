"""Alerts and dashboard: they are understood, know only metrics that exist, and say what to do."""

import json
import pathlib
import re
import tempfile
import unittest

import yaml

import deployment

PROMETHEUS = deployment.DEPLOY / "prometheus"
DASHBOARD = deployment.DEPLOY / "grafana/baton.json"
TESTS = deployment.ROOT / "tests/deploy/alerts.test.yaml"


def alerts():
    return deployment.read_yaml(PROMETHEUS / "alerts.yaml")["groups"][0]["rules"]


def jobs():
    return deployment.read_yaml(PROMETHEUS / "prometheus.yaml")["scrape_configs"]


def dashboard():
    return json.loads(DASHBOARD.read_text())


def expressions_of_dashboard():
    """Each expression, with Grafana's variables as Prometheus could read them."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"].replace("$__rate_interval", "5m").replace("$tenant", ".*")


def expressions():
    yield from (alert["expr"] for alert in alerts())
    yield from expressions_of_dashboard()


def documented_metrics():
    """The sidecar's by docs/metrics.md, which a test of its own holds against the program."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \|", (deployment.ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    of_histogram = ["_bucket", "_sum", "_count"]
    return {name + suffix for name, kind in rows
            for suffix in (of_histogram if kind == "histogram" else [""])}


def metrics_that_exist():
    """The sidecar's, those that a running Envoy shows, and what Envoy's counters are said to be."""
    names = set(re.findall(r"^# TYPE (\S+) ", deployment.pod()["counters"][1], re.MULTILINE))
    documented = (deployment.ROOT / "envoy/configuration.md").read_text()
    section = documented.split("## What the filter counts")[1].split("\n## ")[0]
    counters = re.findall(r"^\| `([a-z_.]+)(?:\.\{reason\})?` \|", section, re.MULTILINE)
    of_tenants = re.search(r"counts what is a tenant's: (.+?), each there", section, re.DOTALL)[1]
    names |= {"baton_" + counter.replace(".", "_") for counter in counters}
    names |= {"baton_tenant_" + counter for counter in re.findall(r"`([a-z]+)", of_tenants)}
    return names | documented_metrics() | {"up"}


class Monitoring(unittest.TestCase):
    def test_knows_only_metrics_that_exist(self):
        known = metrics_that_exist()
        for expression in expressions():
            named = re.sub(r'"[^"]*"', "", expression)
            used = set(re.findall(r"\b(?:baton|envoy)_[a-z_]+\b(?!=)", named))
            self.assertLessEqual(used - {"baton_tenant", "baton_reason"}, known, expression)

    def test_finds_each_metric_of_the_sidecar_in_the_reference(self):
        shown = set(re.findall(r"^(\w+)[{ ]", deployment.pod()["metrics"][1], re.MULTILINE))
        self.assertGreater(len(shown), 20)
        self.assertLessEqual(shown, documented_metrics())

    def test_knows_only_reasons_and_states_that_exist(self):
        documented = (deployment.ROOT / "envoy/configuration.md").read_text()
        states = (deployment.ROOT / "docs/metrics.md").read_text()
        for expression in expressions():
            for reason in re.findall(r'baton_reason="([a-z_]+)"', expression):
                self.assertIn(f"`{reason}`", documented)
            for state in re.findall(r'state!?=~?"([a-z_|]+)"', expression):
                for state in state.split("|"):
                    self.assertIn(f"`{state}`", states)

    def test_asks_for_the_jobs_that_prometheus_has(self):
        asked = {job for expression in expressions() for job in re.findall(r'job="([^"]+)"', expression)}
        self.assertEqual(asked, {job["job_name"] for job in jobs()})

    def test_asks_for_paths_and_ports_that_are_shown(self):
        listener = (deployment.DEPLOY / "observation/listener.yaml").read_text()
        sidecar = (deployment.ROOT / "src/sidecar/baton.default.toml").read_text()
        services = {f"{service['metadata']['name']}.baton.svc:{port['port']}"
                    for service in deployment.resources("Service")
                    for port in service["spec"]["ports"]}
        for job in jobs():
            path = job.get("metrics_path", "/metrics")
            self.assertTrue(f"path: {path} " in listener or f"GET {path} " in sidecar, path)
            for target in job["static_configs"][0]["targets"]:
                self.assertIn(target, services)


class Alerts(unittest.TestCase):
    def test_say_what_is_what_it_means_and_what_to_do(self):
        for alert in alerts():
            with self.subTest(alert["alert"]):
                self.assertEqual(list(alert["annotations"]), ["summary", "description", "action"])
                self.assertIn(alert["labels"]["severity"], ["page", "ticket"])

    def test_and_the_configuration_are_understood_by_prometheus(self):
        promtool = deployment.tool("promtool", "BATON_PROMTOOL")
        configuration = str(PROMETHEUS / "prometheus.yaml")
        deployment.run(promtool, "check", "config", "--syntax-only", configuration)
        deployment.run(promtool, "check", "rules", str(PROMETHEUS / "alerts.yaml"))

    def test_fire_when_they_have_to_and_not_before(self):
        promtool = deployment.tool("promtool", "BATON_PROMTOOL")
        rules = deployment.read_yaml(PROMETHEUS / "alerts.yaml")
        for alert in rules["groups"][0]["rules"]:
            # The tests are of when, not of what is said.
            del alert["annotations"]
        with tempfile.TemporaryDirectory() as place:
            place = pathlib.Path(place)
            (place / "alerts.yaml").write_text(yaml.safe_dump(rules))
            (place / TESTS.name).write_text(TESTS.read_text())
            deployment.run(promtool, "test", "rules", TESTS.name, cwd=place)

    def test_are_each_tested(self):
        tested = {case["alertname"] for test in deployment.read_yaml(TESTS)["tests"]
                  for case in test["alert_rule_test"]}
        self.assertEqual(tested, {alert["alert"] for alert in alerts()})


class Dashboard(unittest.TestCase):
    def test_asks_what_prometheus_understands(self):
        promtool = deployment.tool("promtool", "BATON_PROMTOOL")
        rules = [{"record": f"panel:{number}", "expr": expression}
                 for number, expression in enumerate(expressions_of_dashboard())]
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "panels.yaml"
            path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
            deployment.run(promtool, "check", "rules", str(path))

    def test_has_panels_that_do_not_overlap(self):
        taken = {}
        for panel in dashboard()["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), taken, f"{panel['title']} lies over {taken.get((x, y))}")
                    taken[x, y] = panel["title"]

    def test_asks_the_prometheus_that_was_chosen(self):
        panels = dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        for panel in panels:
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")

    def test_explains_each_panel(self):
        for panel in dashboard()["panels"]:
            self.assertTrue(panel["type"] == "row" or panel["description"], panel["title"])
