"""Gives the commands of a document to a shell, one block after the other, as a reader would."""

import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from document import ROOT

MOST_SECONDS = 180
LAST_LINES = 40


def baton():
    """The command line that is tried."""
    path = pathlib.Path(os.environ.get("BATON_BINARY", ROOT / "target/debug/baton"))
    if not path.exists():
        raise AssertionError(f"{path} is not built: make baton")
    return path


@functools.lru_cache
def network():
    """What a command is put behind to have a network of its own. Nothing, where none is to be had:
    then it is this machine's."""
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    behind = [*unshare, sys.executable, str(pathlib.Path(__file__).with_name("loopback.py"))]
    if shutil.which("unshare") and subprocess.run([*behind, "true"], capture_output=True).returncode == 0:
        return behind
    return []


def blocks_to_run(document):
    """The blocks with the place of each, those of the document that it goes on from first."""
    before = blocks_to_run(document.goes_on_from) if document.goes_on_from else []
    return before + [(f"{document}:{block.line}", block.text) for block in document.runs]


def script(blocks):
    """One script of all blocks, which ends at the first command that fails and names its block."""
    lines = ["set -eEuo pipefail", 'trap \'echo "failed: $place: $BASH_COMMAND"\' ERR']
    for place, text in blocks:
        lines += [f"place={place}", text]
    return "\n".join(lines)


def run(document, seconds=MOST_SECONDS):
    """Runs the commands in an empty folder. Answers what went wrong, or nothing.

    What a document starts in the background is ended with it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = pathlib.Path(place, "work")
        folder.mkdir()
        written, said = pathlib.Path(place, "script"), pathlib.Path(place, "said")
        written.write_text(script(blocks_to_run(document)))
        environment = {
            "HOME": str(folder), "LANG": "C.UTF-8",
            "PATH": f"{baton().parent}{os.pathsep}{os.environ['PATH']}",
        }
        with open(said, "wb") as output:
            shell = subprocess.Popen(
                [*network(), "bash", "--norc", str(written)], cwd=folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
            try:
                status = shell.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                status = f"nothing, after {seconds} s"
            finally:
                end(shell)
        if status == 0:
            return None
        last = said.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return f"{document}: the commands ended with {status}\n" + "\n".join(last)


def end(shell):
    """Ends whatever is left of a session."""
    try:
        os.killpg(shell.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    shell.wait()
