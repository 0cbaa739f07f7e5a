"""A document in Markdown, as far as the tests of the documents read it."""

import dataclasses
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What is written by others, or made.
NOT_OURS = {"target", "node_modules", ".git"}

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^ *```$", re.M | re.S)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
LINK = re.compile(r"\]\(([^()\s]+)\)")
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
GOES_ON = re.compile(r"commands\s+(?:\w+\s+)?go\s+on\s+from\s+\[[^\]]+\]\(([^)#]+)", re.I)
PROMPT, CONTINUED = "$ ", "> "


@dataclasses.dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    language: str
    text: str
    line: int

    @property
    def commands(self):
        """Shell text: all of a block in `sh`; of one in `console`, what follows a prompt."""
        if self.language == "sh":
            return self.text
        if self.language != "console":
            return ""
        typed = [line for line in self.text.splitlines() if line.startswith((PROMPT, CONTINUED))]
        return "".join(line[2:] + "\n" for line in typed)


class Document:
    """One file. `path` is where it is, or where a text that is no file would be."""

    def __init__(self, path, text=None):
        self.path = path
        self.text = path.read_text() if text is None else text

    def __str__(self):
        return str(self.path.relative_to(ROOT))

    @functools.cached_property
    def blocks(self):
        return [
            Block(found["language"], found["text"].replace("\n" + found["indent"], "\n"),
                  self.text.count("\n", 0, found.start()) + 1)
            for found in FENCE.finditer(self.text)
        ]

    @functools.cached_property
    def prose(self):
        """The text without its blocks."""
        return FENCE.sub("", self.text)

    @property
    def spans(self):
        """What stands between single backticks, with a space where a line ends."""
        return [" ".join(found.split()) for found in SPAN.findall(self.prose)]

    @property
    def links(self):
        return LINK.findall(SPAN.sub("", self.prose))

    @functools.cached_property
    def anchors(self):
        """What may follow `#` in a link to this document, as GitHub makes it of the headings."""
        anchors = set()
        for heading in HEADING.findall(self.prose):
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
            name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
            times = sum(1 for anchor in anchors if re.fullmatch(re.escape(name) + r"(-\d+)?", anchor))
            anchors.add(f"{name}-{times}" if times else name)
        return anchors

    @property
    def runs(self):
        """The blocks that a reader can run as they stand."""
        return [block for block in self.blocks if block.language == "sh"]

    @property
    def goes_on_from(self):
        """The document after whose commands those of this one are meant to be given, or nothing."""
        found = GOES_ON.search(self.prose)
        return Document(self.path.parent / found[1]) if found else None


def every():
    """All documents of the project."""
    paths = sorted(ROOT.glob("**/*.md"))
    return [Document(path) for path in paths if not NOT_OURS & set(path.relative_to(ROOT).parts)]


def runnable():
    """Those whose commands are run: what is said to users."""
    return [Document(path) for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]]
