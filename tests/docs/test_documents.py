"""The documents are so: their commands run, and what they name is there.

A block fenced as `sh` is run as it stands, the blocks of a document in order, in an empty folder, with
`baton` on the PATH and a network in which there is nothing else. Where a document says "the commands go on
from" another, those of the other are run first. A block fenced as `console` shows commands that want more
than that, behind a prompt: these are read only.
"""

import unittest

import document
import faults
import session


class Documents(unittest.TestCase):
    def test_nothing_that_they_name_is_missing(self):
        found = [fault for one in document.every() for fault in faults.of(one)]
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_each_is_in_the_index(self):
        index = document.Document(document.ROOT / "docs/README.md")
        for one in document.runnable():
            if one.path.parent == index.path.parent and one.path != index.path:
                self.assertIn(one.path.name, [link.split("#")[0] for link in index.links])

    def test_each_room_is_in_the_readme(self):
        readme = (document.ROOT / "README.md").read_text()
        for room in (document.ROOT / "src").iterdir():
            self.assertIn(f"[src/{room.name}]", readme)

    def test_their_commands_run(self):
        for one in document.runnable():
            if one.runs:
                with self.subTest(document=str(one)):
                    problem = session.run(one)
                    self.assertIsNone(problem, f"\n{problem}")
