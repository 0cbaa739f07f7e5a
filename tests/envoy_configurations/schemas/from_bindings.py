"""Makes a JSON Schema of a Kubernetes resource out of its Rust bindings, as kopium writes them.

    python3 from_bindings.py path/to/wasm_plugin.rs > WasmPlugin.json

Kopium derives the bindings from the resource's own definition. What it keeps is kept here: members
and which of them have to be there, types, and the words of enumerations. Lengths, patterns and rules
between members are lost on the way. README.md says where the bindings are from.
"""

import json
import pathlib
import re
import sys

RESOURCE = re.compile(r'group = "([^"]+)",\s+version = "([^"]+)",\s+kind = "([^"]+)"')
STRUCT = re.compile(r"^pub (struct|enum) (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
RENAMED = re.compile(r'rename = "([^"]+)"')
MEMBER = re.compile(r"pub (?:r#)?(\w+): (.+),$")
VARIANT = re.compile(r"^(\w+),$")
GENERIC = re.compile(r"^(Option|Vec|BTreeMap)<(?:String, )?(.+)>$")

PLAIN = {
    "String": {"type": "string"},
    "bool": {"type": "boolean"},
    "f64": {"type": "number"},
    "IntOrString": {"type": ["integer", "string"]},
    "serde_json::Value": {},
    "Condition": {"type": "object"},
}


def schema_of(kind):
    """The schema of a Rust type."""
    generic = GENERIC.match(kind)
    if generic is None:
        if re.fullmatch(r"[iu](8|16|32|64)", kind):
            return {"type": "integer"}
        return PLAIN.get(kind, {"$ref": f"#/$defs/{kind}"})
    outer, inner = generic[1], schema_of(generic[2])
    if outer == "Vec":
        return {"type": "array", "items": inner}
    if outer == "BTreeMap":
        return {"type": "object", "additionalProperties": inner}
    return inner


def words(body):
    """The schema of an enumeration."""
    found, name = [], None
    for line in map(str.strip, body.splitlines()):
        if renamed := RENAMED.search(line):
            name = renamed[1]
        elif variant := VARIANT.match(line):
            found.append(name or variant[1])
            name = None
    return {"enum": found}


def members(body):
    """The schema of a struct: a member that is not in it is an error."""
    properties, required, name = {}, [], None
    for line in map(str.strip, body.splitlines()):
        if renamed := RENAMED.search(line):
            name = renamed[1]
        elif member := MEMBER.match(line):
            key = name or member[1]
            properties[key] = schema_of(member[2])
            if not member[2].startswith("Option<"):
                required.append(key)
            name = None
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def reachable(definitions, start):
    """The definitions that the one at the start needs, itself included."""
    found, ahead = {}, [start]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = definitions[name]
            ahead += re.findall(r"#/\$defs/(\w+)", json.dumps(definitions[name]))
    return dict(sorted(found.items()))


def main():
    text = pathlib.Path(sys.argv[1]).read_text()
    group, version, kind = RESOURCE.search(text).groups()
    definitions = {
        name: members(body) if what == "struct" else words(body)
        for what, name, body in STRUCT.findall(text)
    }
    spec = next(iter(definitions))
    resource = {
        "$comment": "Made by from_bindings.py; README.md says from what.",
        "type": "object",
        "properties": {
            "apiVersion": {"const": f"{group}/{version}"},
            "kind": {"const": kind},
            "metadata": {"type": "object"},
            "spec": {"$ref": f"#/$defs/{spec}"},
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
        "$defs": reachable(definitions, spec),
    }
    print(json.dumps(resource, indent=1))


main()
