from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.long_cases import always
from tests.terminal import ENTER, Terminal

# Ctrl-C at one call after the other of those that a line takes, from before its prompt is there until it is away.
_INTERRUPTED = """
import gc, signal, sys
from pathlib import Path
from agentcore_cli.ui.conversation import lines

kind, reads = sys.argv[1], int(sys.argv[2])
prompt = lines(Path("history"), keeps_below=kind == "below")
calls, at, missed = 0, None, []

def count(frame, event, argument):
    global calls
    calls += event == "call"
    if calls == at:
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)

def read():
    global calls
    calls = 0
    print("reads", file=sys.stderr, flush=True)
    try:
        sys.setprofile(count)
        return prompt.read()
    except KeyboardInterrupt:
        return None
    finally:
        sys.setprofile(None)
        gc.collect()

said = [read()]
whole = calls
for number in range(reads):
    at = 1 + number * whole // reads
    if read() is not None and calls >= at:
        missed.append(at)
at = None
said.append(read())
print("missed", missed, "said", said, file=sys.stderr)
"""


@pytest.mark.parametrize("kind", always("below", of=["below", "alone"]))
def test_ctrl_c_while_a_prompt_comes_or_goes_is_heard_and_leaves_no_halves(tmp_path: Path, kind: str) -> None:
    reads = 40
    (tmp_path / "interrupted.py").write_text(_INTERRUPTED)
    with Terminal(CommandLine(tmp_path, {}), bash=f"{sys.executable} -X dev interrupted.py {kind} {reads}") as terminal:
        for _ in range(reads + 2):
            terminal.wait_for("reads")
            terminal.type("two" + ENTER)
        terminal.wait_for("missed [] said ['two', 'two")
        assert terminal.end() == 0
        assert "Traceback" not in terminal.text
        assert "Warning" not in terminal.text
