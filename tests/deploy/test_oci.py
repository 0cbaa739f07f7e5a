"""The layouts that deploy/oci.py makes, read back as a registry would."""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import tempfile
import unittest

import deployment

EDGE = deployment.ROOT / "target/edge"


class Layouts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = sorted(EDGE.glob("baton-edge-*.wasm"))
        if not cls.files:
            raise deployment.missing("nothing is built: make wasm components")
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.place = pathlib.Path(cls.folder.name)
        cls.said = pack(cls.place)

    def blob(self, place, described):
        """A blob, after its digest and its size were compared."""
        content = (place / "blobs" / described["digest"].replace(":", "/")).read_bytes()
        self.assertEqual("sha256:" + hashlib.sha256(content).hexdigest(), described["digest"])
        self.assertEqual(len(content), described["size"])
        return content

    def read(self, file):
        """The digest of a layout's manifest, the manifest, its configuration and its one layer."""
        place = self.place / file.stem
        marked = json.loads((place / "oci-layout").read_text())
        self.assertEqual(marked, {"imageLayoutVersion": "1.0.0"})
        [described] = json.loads((place / "index.json").read_text())["manifests"]
        self.assertEqual(described["annotations"], {"org.opencontainers.image.ref.name": "1.2.3"})
        manifest = json.loads(self.blob(place, described))
        [layer] = manifest["layers"]
        configuration = json.loads(self.blob(place, manifest["config"]))
        return described["digest"], manifest, configuration, self.blob(place, layer)

    def test_are_made_of_each_file_and_hold_nothing_else(self):
        for file in self.files:
            with self.subTest(file.name):
                digest, *_ = self.read(file)
                self.assertIn(f"{self.place / file.stem}:1.2.3 {digest}", self.said)
                self.assertEqual(len(list((self.place / file.stem / "blobs/sha256").iterdir())), 3)
        self.assertEqual(len(self.said), len(self.files))

    def test_of_the_filter_are_what_envoy_gateway_and_istio_take(self):
        file = EDGE / "baton-edge-envoy.wasm"
        _, manifest, configuration, layer = self.read(file)
        self.assertEqual(manifest["annotations"]["module.wasm.image/variant"], "compat")
        kinds = [part["mediaType"] for part in (manifest["config"], *manifest["layers"])]
        self.assertEqual(kinds, ["application/vnd.oci.image.config.v1+json",
                                 "application/vnd.oci.image.layer.v1.tar+gzip"])
        archive = gzip.decompress(layer)
        digest = "sha256:" + hashlib.sha256(archive).hexdigest()
        self.assertEqual(configuration["rootfs"]["diff_ids"], [digest])
        with tarfile.open(fileobj=io.BytesIO(archive)) as entries:
            self.assertEqual(entries.getnames(), ["plugin.wasm"])
            self.assertEqual(entries.extractfile("plugin.wasm").read(), file.read_bytes())

    def test_of_components_say_what_they_import_and_export(self):
        exported = {
            "baton-edge-component": "baton:edge/gate@",
            "baton-edge-proxy": "wasi:http/incoming-handler@0.2.",
            "baton-edge-spin-wasi-0-2": "wasi:http/incoming-handler@0.2.",
            "baton-edge-spin-wasi-0-3": "wasi:http/handler@0.3.",
        }
        for name, interface in exported.items():
            with self.subTest(name):
                file = EDGE / f"{name}.wasm"
                _, manifest, configuration, layer = self.read(file)
                self.assertEqual(layer, file.read_bytes())
                kinds = [part["mediaType"] for part in (manifest["config"], *manifest["layers"])]
                self.assertEqual(kinds, ["application/vnd.wasm.config.v0+json", "application/wasm"])
                self.assertEqual(configuration["layerDigests"], [manifest["layers"][0]["digest"]])
                [export] = configuration["component"]["exports"]
                self.assertTrue(export.startswith(interface), export)
                imports = configuration["component"]["imports"]
                if name == "baton-edge-component":
                    self.assertEqual(imports, [])
                else:
                    self.assertTrue(any(taken.startswith("wasi:http/types@") for taken in imports))

    def test_of_the_same_bytes_are_the_same(self):
        with tempfile.TemporaryDirectory() as place:
            digests = [line.split()[-1] for line in pack(place)]
        self.assertEqual(digests, [line.split()[-1] for line in self.said])

    def test_are_made_of_wasm_alone(self):
        with tempfile.TemporaryDirectory() as place:
            (pathlib.Path(place) / "baton-edge-wrong.wasm").write_bytes(b"<html>")
            with self.assertRaisesRegex(AssertionError, "neither a module nor a component"):
                pack(pathlib.Path(place) / "out", source=place)


def pack(place, source=EDGE):
    said = deployment.run(sys.executable, str(deployment.DEPLOY / "oci.py"), "--version", "1.2.3",
                          str(source), str(place))
    return said.splitlines()
