"""Plays a kubelet: starts the pod of a manifest's StatefulSet without a cluster, and asks its probes.

Each container gets what the manifest gives it: command, arguments, environment, volumes, user, a root
that cannot be written to, no capability, one network for all. It has nothing of an image but the
program, and the libraries of this machine. It is to be started by root, in a network and a mount
namespace of its own:

    unshare --net --mount python3 pod.py SETTING

SETTING is a file of JSON: `manifest`, `module`, `certificate` and `key` (paths), `programs` (paths by
container), `secrets` (values by name). What was seen is printed as one line of JSON.
"""

import base64
import ctypes
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

import yaml

# An address of the pod that is not loopback (RFC 5737).
POD = "192.0.2.1"
WEBHOOK = "/webhooks/genesys/acme/support/live/events"
# What an image without a shell has, beside its program.
OF_THE_MACHINE = ["lib", "lib64", "usr/lib", "usr/lib64", "etc/ssl", "dev/null", "dev/urandom"]
# As the constants are in Linux' headers.
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP_RUNNING, PR_SET_NO_NEW_PRIVS = 0x8916, 0x8914, 0x41, 38


def furnish_network(pod):
    """Raises the loopback interface, gives the pod its address, and sets what the pod sets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(POD))
        fcntl.ioctl(handle, SIOCSIFADDR, address)
    for setting in pod["securityContext"]["sysctls"]:
        path = pathlib.Path("/proc/sys") / setting["name"].replace(".", "/")
        path.write_text(setting["value"])


def furnish_volumes(place, manifest, stateful_set, setting):
    """Makes a folder of each volume of the pod, and says where."""
    configurations = {
        resource["metadata"]["name"]: resource["data"]
        for resource in manifest if resource["kind"] == "ConfigMap"
    }
    certificate = {
        "tls.crt": pathlib.Path(setting["certificate"]).read_text(),
        "tls.key": pathlib.Path(setting["key"]).read_text(),
    }
    files = {claim["metadata"]["name"]: {} for claim in stateful_set["volumeClaimTemplates"]}
    for volume in stateful_set["template"]["spec"]["volumes"]:
        of_map = "configMap" in volume
        files[volume["name"]] = configurations[volume["configMap"]["name"]] if of_map else certificate
    folders = {}
    group = stateful_set["template"]["spec"]["securityContext"]["fsGroup"]
    for name, texts in files.items():
        folders[name] = place / name
        folders[name].mkdir(mode=0o770)
        for file, text in texts.items():
            (folders[name] / file).write_text(text)
            (folders[name] / file).chmod(0o440)
            os.chown(folders[name] / file, 0, group)
        os.chown(folders[name], 0, group)
        folders[name].chmod(0o2770)
    return folders


class Container:
    """One container of the pod, with a root of its own."""

    def __init__(self, place, described, pod, folders, setting):
        self.described = described
        self.identity = (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"],
                         pod["securityContext"]["fsGroup"])
        self.log = place / f"{described['name']}.log"
        self.root = place / "roots" / described["name"]
        self.root.mkdir(parents=True)
        self.furnish(folders, setting)
        self.environment = {
            variable["name"]: value_of(variable, setting) for variable in described.get("env", [])
        }
        if "envFrom" in described:
            self.environment |= setting["secrets"]
        self.process = None

    def furnish(self, folders, setting):
        subprocess.run(["mount", "--bind", self.root, self.root], check=True)
        for path in OF_THE_MACHINE:
            source = pathlib.Path("/", path)
            if source.is_symlink():
                (self.root / path).symlink_to(os.readlink(source))
            elif source.exists():
                self.bind(source, path)
        self.bind(setting["programs"][self.described["name"]], self.described["command"][0])
        if self.described["name"] == "envoy":
            self.bind(setting["module"], "/baton/target/edge/baton-edge-envoy.wasm")
        for mount in self.described["volumeMounts"]:
            self.bind(folders[mount["name"]], mount["mountPath"], mount.get("readOnly", False))
        self.inside(self.described["workingDir"]).mkdir(parents=True, exist_ok=True)
        if self.described["securityContext"]["readOnlyRootFilesystem"]:
            subprocess.run(["mount", "-o", "remount,bind,ro", self.root], check=True)

    def inside(self, path):
        return self.root / str(path).lstrip("/")

    def bind(self, source, path, read_only=True):
        source, target = pathlib.Path(source).resolve(), self.inside(path)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        subprocess.run(["mount", "--bind", source, target], check=True)
        if read_only:
            subprocess.run(["mount", "-o", "remount,bind,ro", target], check=True)

    def start(self):
        library = ctypes.CDLL(None, use_errno=True)

        def enter():
            user, group, of_volumes = self.identity
            os.chroot(self.root)
            os.chdir(self.described["workingDir"])
            os.setgroups([of_volumes])
            os.setgid(group)
            # With root goes every capability, and none comes again.
            os.setuid(user)
            library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)

        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.described["command"], *self.described["args"]],
                env=self.environment, preexec_fn=enter, stdout=log, stderr=log,
            )

    def probe(self, kind):
        """Asks as a kubelet does: at the pod's address."""
        asked = self.described[kind]["httpGet"]
        ports = {port["name"]: port["containerPort"] for port in self.described.get("ports", [])}
        return ask(ports.get(asked["port"], asked["port"]), "GET", asked["path"])[0]

    def await_start(self):
        probe = self.described["startupProbe"]
        status = None
        for _ in range(probe["failureThreshold"]):
            if self.process.poll() is not None:
                raise SystemExit(f"{self.described['name']} ended: {self.log.read_text()}")
            status = self.probe("startupProbe")
            if status == 200:
                return
            time.sleep(probe["periodSeconds"])
        raise SystemExit(f"{self.described['name']} answers {status}: {self.log.read_text()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def value_of(variable, setting):
    """What a variable holds: what stands there, or a secret."""
    if "value" in variable:
        return variable["value"]
    return setting["secrets"][variable["valueFrom"]["secretKeyRef"]["key"]]


def ask(port, method, path, headers=None, body=None, secure=False):
    """The status and the text of an answer; `None` where nobody listens."""
    if secure:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(POD, port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(POD, port, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (ConnectionError, http.client.HTTPException, TimeoutError):
        return None, ""
    finally:
        connection.close()


def post_webhook(secret):
    body = json.dumps({
        "id": "7d8f1c52d9f3d7b9a1c4f1c3c9a1f001", "channel": {
            "id": "3f2b8a52-6b0e-4a6e-9a3f-0c6f1f1d2a77", "platform": "Open", "type": "Private",
            "to": {"id": "nobody"}, "from": {"id": "3f2b8a52-6b0e-4a6e-9a3f-0c6f1f1d2a77"},
            "time": "2026-01-01T00:00:00.000Z",
        }, "type": "Text", "text": "Hello", "direction": "Outbound", "originatingEntity": "Human",
    }).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    headers = {
        "content-type": "application/json",
        "x-hub-signature-256": "sha256=" + base64.b64encode(digest).decode(),
    }
    return ask(443, "POST", WEBHOOK, headers, body, secure=True)[0]


def observe(containers, setting):
    """What a pod that is ready answers, by what was asked."""
    admin = {"authorization": "Bearer " + setting["secrets"]["BATON_ADMIN_CREDENTIAL"]}
    secret = setting["secrets"]["GENESYS_WEBHOOK_SECRET"]
    probes = ("startupProbe", "readinessProbe", "livenessProbe")
    seen = {
        "probes": {
            f"{name} {kind}": container.probe(kind)
            for name, container in containers.items()
            for kind in probes if kind in container.described
        },
        "signed": post_webhook(secret),
        "forged": post_webhook("somebody else's secret"),
        "plain": ask(80, "GET", "/")[0],
        "chat": ask(443, "POST", "/api/v1/access-token", secure=True)[0],
        "internal from outside": ask(443, "GET", "/internal/v1/tenants", admin, secure=True)[0],
        "listening": [port for port in (8080, 8081, 8082, 9901) if ask(port, "GET", "/")[0]],
        "tenants by observation": [
            ask(port, "GET", "/internal/v1/tenants", admin)[0] for port in (8084, 9902)
        ],
        "posted to observation": [ask(8084, "POST", "/readyz")[0], ask(9902, "POST", "/ready")[0]],
    }
    seen["metrics"] = ask(8084, "GET", "/metrics")
    seen["counters"] = ask(9902, "GET", "/stats/prometheus?filter=baton")
    return seen


def main():
    setting = json.loads(pathlib.Path(sys.argv[1]).read_text())
    manifest = list(yaml.safe_load_all(pathlib.Path(setting["manifest"]).read_text()))
    stateful_set = next(part for part in manifest if part["kind"] == "StatefulSet")["spec"]
    pod = stateful_set["template"]["spec"]
    furnish_network(pod)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        place = pathlib.Path(place)
        place.chmod(0o755)
        folders = furnish_volumes(place, manifest, stateful_set, setting)
        containers = {
            described["name"]: Container(place, described, pod, folders, setting)
            for described in [*pod["initContainers"], *pod["containers"]]
        }
        try:
            for container in containers.values():
                container.start()
                container.await_start()
            seen = observe(containers, setting)
            seen["stored"] = sorted(file.name for file in folders["store"].iterdir())
            # The last to start is the first to stop.
            seen["stopped"] = {
                name: container.stop() for name, container in reversed(containers.items())
            }
            seen["logs"] = {name: container.log.read_text() for name, container in containers.items()}
        finally:
            for container in containers.values():
                if container.process is not None and container.process.poll() is None:
                    container.process.kill()
                    container.process.wait()
                # Nothing below is deleted with what is mounted there.
                subprocess.run(["umount", "--recursive", "--lazy", container.root], check=False)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
