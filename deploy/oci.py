#!/usr/bin/env python3
"""Packs the wasm files of target/edge as OCI image layouts, ready for a registry.

What it is for: `make oci` writes a folder for each file under target/oci and prints the digest of its
manifest, whose 64 digits are the `sha256` of envoy/envoy-gateway and envoy/istio. Any tool for OCI takes it from
there:

    from=target/oci/baton-edge-envoy:0.1.0 to=registry.example.com/baton/edge-envoy:0.1.0
    skopeo copy oci:$from docker://$to
    oras cp --from-oci-layout $from $to

A module, which is the Envoy filter, becomes an image in the form that Envoy Gateway and Istio take:
the variant `compat` of the Wasm Image Specification, one gzipped layer with plugin.wasm in it. A
component becomes an artifact as CNCF's TAG Runtime describes it, which wkg and hosts of components
take: the bytes themselves as the layer, and a configuration that names what it imports and exports.

The same bytes in give the same digest out, by the same version of zlib.

What validated it: tests/deploy, which reads the layouts back, digest by digest; skopeo 1.9 inspected
and copied them, once. No registry was at hand, and none of the hosts has pulled one.
"""

import argparse
import gzip
import hashlib
import io
import json
import pathlib
import shutil
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
# What the bytes begin with (the component model's binary format, "Component Definitions").
MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"
IMPORTS, EXPORTS = 10, 11
# No time of a build: it would make another digest of the same bytes.
NEVER = "1970-01-01T00:00:00Z"


class NotWasm(Exception):
    """A file that is neither a module nor a component."""


def main():
    parser = argparse.ArgumentParser(description="Packs wasm files as OCI image layouts.")
    parser.add_argument("--version", required=True, help="the tag in each layout")
    parser.add_argument("source", type=pathlib.Path, help="where the wasm files are")
    parser.add_argument("destination", type=pathlib.Path, help="where the layouts go")
    arguments = parser.parse_args()
    files = sorted(arguments.source.glob("baton-edge-*.wasm"))
    if not files:
        raise SystemExit(f"oci.py: {arguments.source} has no baton-edge-*.wasm: make wasm components")
    for file in files:
        place = arguments.destination / file.stem
        shutil.rmtree(place, ignore_errors=True)
        try:
            digest = pack(file.read_bytes(), place, file.stem, arguments.version)
        except NotWasm as problem:
            raise SystemExit(f"oci.py: {file} {problem}") from None
        print(f"{place}:{arguments.version} {digest}")


def pack(wasm, place, title, version):
    """Lays one file out at `place`, and returns the digest of its manifest."""
    if wasm.startswith(MODULE):
        manifest = image(wasm, place)
    elif wasm.startswith(COMPONENT):
        manifest = artifact(wasm, place)
    else:
        raise NotWasm("is neither a module nor a component")
    manifest["annotations"] |= {
        "org.opencontainers.image.title": title,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
    }
    described = blob(place, as_json({"schemaVersion": 2, "mediaType": MANIFEST} | manifest), MANIFEST)
    described["annotations"] = {"org.opencontainers.image.ref.name": version}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [described],
    }
    (place / "index.json").write_bytes(as_json(index))
    (place / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
    return described["digest"]


def image(module, place):
    """An image of the variant `compat`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("plugin.wasm")
        entry.size = len(module)
        entry.mode = 0o644
        archive.addfile(entry, io.BytesIO(module))
    configuration = {
        # As builders of images write it. It runs wherever the filter's host does.
        "architecture": "amd64",
        "os": "linux",
        "created": NEVER,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer.getvalue())]},
    }
    packed = gzip.compress(layer.getvalue(), mtime=0)
    return {
        "config": blob(place, as_json(configuration), "application/vnd.oci.image.config.v1+json"),
        "layers": [blob(place, packed, "application/vnd.oci.image.layer.v1.tar+gzip")],
        "annotations": {"module.wasm.image/variant": "compat"},
    }


def artifact(component, place):
    """An artifact that holds a component."""
    layer = blob(place, component, "application/wasm")
    configuration = {
        "created": NEVER,
        "architecture": "wasm",
        # As the format has it, for whatever version of WASI; the imports tell.
        "os": "wasip2",
        "layerDigests": [layer["digest"]],
        "component": {"imports": names(component, IMPORTS), "exports": names(component, EXPORTS)},
    }
    return {
        "config": blob(place, as_json(configuration), "application/vnd.wasm.config.v0+json"),
        "layers": [layer],
        "annotations": {},
    }


def blob(place, content, media_type):
    """Writes a blob, and describes it."""
    digest = digest_of(content)
    path = place / "blobs" / digest.replace(":", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def as_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def names(component, kind):
    """What a component imports or exports at its outermost level, in its order."""
    found = []
    content = io.BytesIO(component[len(COMPONENT):])
    while section := content.read(1):
        body = io.BytesIO(content.read(number(content)))
        if section[0] == kind:
            found += [name(body, kind) for _ in range(number(body))]
    return found


def name(body, kind):
    """Reads one import or export, and returns its name."""
    body.read(1)
    text = body.read(number(body)).decode()
    if kind == EXPORTS:
        # The sort of what is exported, and its index.
        if body.read(1) == b"\0":
            body.read(1)
        number(body)
        if body.read(1) == b"\0":
            return text
    description(body)
    return text


def description(body):
    """Reads past the type of an import, or the one that an export is given."""
    sort = body.read(1)
    if sort == b"\0":
        body.read(1)
        number(body)
    elif sort == b"\x03":
        # A type: the same as another, or a resource of its own.
        if body.read(1) == b"\0":
            number(body)
    elif sort in (b"\x01", b"\x04", b"\x05"):
        number(body)
    else:
        raise NotWasm(f"imports or exports a kind that is not known here: {sort!r}")


def number(body):
    """Reads a number in LEB128."""
    value = shift = 0
    while True:
        byte = body.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


if __name__ == "__main__":
    main()
