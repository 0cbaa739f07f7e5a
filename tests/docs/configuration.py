"""Gives a piece of the sidecar's configuration to `baton config check`, with what it leaves out."""

import json
import os
import pathlib
import subprocess
import tempfile
import tomllib

from session import baton

MOST_SECONDS = 30
WRONG_CONFIGURATION = 64
# What a piece that speaks of a tenant, of its way to Genesys or of its bot takes for granted.
TENANT = {
    "account_id": "acme", "project_id": "support", "client_env": "live",
    "integration_id": "3f2b8a52-6b0e-4a6e-9a3f-0c6f1f1d2a77",
    "connector_tokens": [{"env": "CONNECTOR_TOKEN"}], "hosts": ["www.example.com"],
}
GENESYS = {"region": "mypurecloud.de", "client_id": "client", "client_secret": {"env": "GENESYS_SECRET"}}
BOT = {"url": "https://bot.example.com/turns"}
USUAL = ["BATON_DELIVERY_CREDENTIAL", "BATON_ADMIN_CREDENTIAL"]


def problem(text):
    """What is wrong with this piece; nothing if it is right."""
    try:
        piece = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        return str(wrong)
    names = []
    with tempfile.TemporaryDirectory() as place:
        file = pathlib.Path(place, "baton.toml")
        file.write_text("".join(
            f"{key} = {written(value, names)}\n"
            for key, value in with_certificates(whole(piece), place).items()))
        done = subprocess.run(
            [baton(), "config", "check", "--config", str(file)], cwd=place, timeout=MOST_SECONDS,
            env={"PATH": os.environ["PATH"]} | secrets(names + USUAL), capture_output=True, text=True,
        )
    if done.returncode not in (0, WRONG_CONFIGURATION):
        raise AssertionError(f"baton config check: {done.stderr}")
    return done.stderr.strip().replace(str(file), "baton.toml") or None


def whole(piece):
    """The piece with what it takes for granted."""
    if "tenants" not in piece:
        return piece
    # A piece may begin within a tenant.
    tenants = piece["tenants"] if isinstance(piece["tenants"], list) else [piece["tenants"]]
    return piece | {"tenants": [whole_tenant(tenant) for tenant in tenants]}


def whole_tenant(tenant):
    given = dict(TENANT)
    if "integration_name" in tenant:
        del given["integration_id"]
    if "genesys" in tenant:
        genesys = dict(GENESYS)
        if "base_url" in tenant["genesys"]:
            del genesys["region"]
        tenant = tenant | {"genesys": genesys | tenant["genesys"]}
    if "bot" in tenant and "builtin" not in tenant["bot"]:
        tenant = tenant | {"bot": BOT | tenant["bot"]}
    return given | tenant


def with_certificates(piece, place):
    """The piece with a certificate and a key that are there, in each section that names some."""
    def of_section(section):
        if not isinstance(section, dict) or "tls" not in section:
            return section
        certificate, key = certificate_in(place)
        files = {"certificate": certificate, "key": key, "client_ca": certificate}
        return section | {"tls": {name: files.get(name, value) for name, value in section["tls"].items()}}

    return {name: of_section(section) for name, section in piece.items()}


def certificate_in(place):
    certificate, key = (str(pathlib.Path(place, name)) for name in ("tls.crt", "tls.key"))
    if not pathlib.Path(key).exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-subj", "/CN=localhost", "-days", "2", "-keyout", key, "-out", certificate],
            check=True, capture_output=True, timeout=MOST_SECONDS,
        )
    return certificate, key


def written(value, names):
    """The value in TOML. The variables that it refers to are added to `names`, and a file that it
    refers to becomes one of them."""
    if isinstance(value, dict):
        if set(value) == {"file"}:
            value = {"env": pathlib.Path(value["file"]).name.upper().replace(".", "_").replace("-", "_")}
        if set(value) == {"env"}:
            names.append(value["env"])
        return "{ " + ", ".join(f"{key} = {written(each, names)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(written(each, names) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def secrets(names):
    """A secret for each name, all different, in a form that every purpose takes."""
    return {name: f"whsec_{place:042}0=" for place, name in enumerate(dict.fromkeys(names))}
