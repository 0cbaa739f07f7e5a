"""What in a document is not so: links, paths, commands, keys, metrics, routes, examples."""

import functools
import json
import re
import shlex
import subprocess
import urllib.parse

import configuration
from document import ROOT, Document
from session import baton

HELP_SECONDS = 30
# The rooms of the repository, of which a path in a document is one.
PATH = re.compile(r"(?:src|tests|deploy|docs|envoy|wit|\.ci)/[\w./*-]+")
# Where one command ends and another may begin.
BETWEEN_COMMANDS = re.compile(r"\n|[|;&()]")
# Where a command's output goes, or its input comes from.
REDIRECTION = re.compile(r"\d?(?:>>?|<{1,3})(?:&\d|\s*\S+)")
ASSIGNMENT = re.compile(r"\w+=.*", re.S)
# A section of the default configuration, also one that is commented out.
TABLE = re.compile(r"^(?:# )*\[+([a-z_.]+)\]+", re.M)
KEY_IN_PROSE = re.compile(r"[a-z_]+(\.[a-z_]+)+")
ROUTE = re.compile(r"(?:GET|POST|PUT|DELETE) (/internal/v1/[^\s?]+)")
METRIC = re.compile(r"\bbaton_[a-z_]+\b")


def of(document):
    """All that is wrong in a document, a sentence each."""
    return [f"{document}: {fault}" for find in FINDERS for fault in find(document)]


def in_links(document):
    for link in document.links:
        target = urllib.parse.urlsplit(link)
        if target.scheme or target.netloc:
            continue
        path = document.path.parent / urllib.parse.unquote(target.path)
        if target.path and not path.exists():
            yield f"the link {link} leads nowhere"
        elif target.fragment and (not target.path or path.suffix == ".md"):
            there = Document(path) if target.path else document
            if target.fragment not in there.anchors:
                yield f"the link {link} names a heading that is not there"


def in_paths(document):
    for span in document.spans:
        if PATH.fullmatch(span) and not any(ROOT.glob(span.rstrip("/"))):
            yield f"`{span}` is not there"


def commands(document):
    """Each command, as a list of its words: of the blocks for a shell, and of the prose."""
    texts = [block.commands for block in document.blocks]
    texts += [span for span in document.spans if re.match(r"(\$ )?(baton|make) ", span)]
    for text in texts:
        for command in BETWEEN_COMMANDS.split(REDIRECTION.sub(" ", text.replace("\\\n", " "))):
            try:
                words = shlex.split(command, comments=True)
            except ValueError:
                # A part of a text that holds what ends a command; the words before it are told.
                words = command.replace('"', " ").replace("'", " ").split()
            while words and (ASSIGNMENT.fullmatch(words[0]) or words[0] in ("exec", "sudo")):
                words = words[1:]
            if words:
                yield words


@functools.lru_cache
def targets():
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^([a-z-]+):(?!=)", text, re.M))


def in_make(document):
    for program, *words in commands(document):
        if program != "make":
            continue
        for word in words:
            if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-") and word not in targets():
                yield f"there is no `make {word}`"


@functools.lru_cache
def complaint(words):
    """What the command line says of these words; nothing if it takes them. It is asked for help
    with them, so that it reads them and does nothing."""
    asked = [*words] if words[:1] == ("help",) else [*words, "--help"]
    done = subprocess.run([baton(), *asked], capture_output=True, text=True, timeout=HELP_SECONDS)
    # Whoever speaks of a flag leaves its value out.
    if done.returncode != 2 or "but none was supplied" in done.stderr:
        return None
    return done.stderr.splitlines()[0]


def in_command_line(document):
    for program, *words in commands(document):
        if program.rsplit("/", 1)[-1] != "baton":
            continue
        said = complaint(tuple(word for word in words if word not in ("…", "...")))
        if said:
            yield f"`baton {' '.join(words)}`: {said}"


def in_examples(document):
    for block in document.blocks:
        if block.language == "toml":
            problem = configuration.problem(block.text)
        elif block.language == "json":
            problem = json_problem(block.text)
        else:
            continue
        if problem:
            yield f"line {block.line}: {problem}"


def json_problem(text):
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        return str(problem)
    return None


@functools.lru_cache
def default_configuration():
    """The sections of the sidecar's configuration, and every word that its default has."""
    text = (ROOT / "src/sidecar/baton.default.toml").read_text()
    return set(TABLE.findall(text)), set(re.findall(r"[a-z_]+", text))


def in_keys(document):
    sections, words = default_configuration()
    for span in document.spans:
        section, _, key = span.rpartition(".")
        if KEY_IN_PROSE.fullmatch(span) and section in sections and key not in words:
            yield f"the configuration has no key `{span}`"


@functools.lru_cache
def metrics():
    """What is counted: by the sidecar, and by Envoy's filter."""
    texts = [(ROOT / name).read_text() for name in ("docs/metrics.md", "envoy/configuration.md")]
    return set(METRIC.findall(" ".join(texts)))


def in_metrics(document):
    for span in document.spans:
        if METRIC.fullmatch(span) and span not in metrics():
            yield f"there is no metric `{span}`"


def in_routes(document):
    router = (ROOT / "src/sidecar/internal.rs").read_text()
    for route in ROUTE.findall(" ".join(document.spans)):
        if f'"{route}"' not in router:
            yield f"the internal listener has nothing at {route}"


FINDERS = [
    in_links, in_paths, in_make, in_command_line, in_examples, in_keys, in_metrics, in_routes,
]
