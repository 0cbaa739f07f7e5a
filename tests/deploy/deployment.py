"""What the tests of deploy/ share: where things are, which tools there are, and a pod that was run."""

import functools
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
# Where pip has put kubectl and hadolint.
TOOLS = pathlib.Path(sys.executable).parent
POD_SECONDS = 180


def missing(reason):
    """What ends a test that cannot run here: it is skipped, and says why."""
    return unittest.SkipTest(reason)


def tool(name, variable=None):
    """The path of a program."""
    found = os.environ.get(variable, "") if variable else ""
    found = found or shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    if not found or not pathlib.Path(found).exists():
        raise missing(f"there is no {name} here")
    return found


def run(*command, **more):
    """Runs a program, and fails with what it says when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command}:\n{done.stdout}{done.stderr}")
    return done.stdout


def read_yaml(path):
    return yaml.safe_load(path.read_text())


@functools.lru_cache
def manifest(folder="kubernetes"):
    """The resources of a folder of deploy/, as kubectl puts them together: text."""
    return run(tool("kubectl"), "kustomize", "--load-restrictor", "LoadRestrictionsNone",
               str(DEPLOY / folder))


def resources(kind, folder="kubernetes"):
    return [part for part in yaml.safe_load_all(manifest(folder)) if part["kind"] == kind]


def pod_template():
    return resources("StatefulSet")[0]["spec"]["template"]["spec"]


@functools.lru_cache
def pod():
    """What the pod answered, which is run once for all tests: see pod.py."""
    if os.geteuid() != 0:
        raise missing("only root may start the pod")
    envoy, baton = envoy_itself(), tool("baton", "BATON_BINARY")
    module = ROOT / "target/edge/baton-edge-envoy.wasm"
    if not module.exists():
        raise missing("the filter is not built: make wasm")
    text = manifest()
    example = (DEPLOY / "environment.example").read_text().splitlines()
    names = [line.split("=")[0] for line in example if line and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        certificate, key = place / "certificate.pem", place / "key.pem"
        run(tool("openssl"), "req", "-x509", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=baton",
            "-days", "2", "-keyout", str(key), "-out", str(certificate))
        (place / "manifest.yaml").write_text(text)
        setting = {
            "manifest": str(place / "manifest.yaml"), "module": str(module),
            "certificate": str(certificate), "key": str(key),
            "programs": {"envoy": str(envoy), "sidecar": baton},
            "secrets": {name: secrets.token_hex(32) for name in names},
        }
        (place / "setting.json").write_text(json.dumps(setting))
        namespaces = [tool("unshare"), "--net", "--mount"]
        if subprocess.run([*namespaces, "true"], capture_output=True, check=False).returncode != 0:
            raise missing("namespaces cannot be made here")
        seen = run(*namespaces, sys.executable, str(ROOT / "tests/deploy/pod.py"),
                   str(place / "setting.json"), timeout=POD_SECONDS)
    return json.loads(seen) | {"secrets": list(setting["secrets"].values())}


def envoy_itself():
    """Envoy's program; what its package for Python puts on the path is a script that starts it."""
    envoy = pathlib.Path(tool("envoy", "BATON_ENVOY"))
    packed = sorted(envoy.parent.parent.glob("lib/python*/site-packages/envoy/_bin/envoy"))
    return packed[0] if packed else envoy
