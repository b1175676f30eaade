"""The process around every command: whatever a signal interrupts, the command hears of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Python drops what is raised in any of the three places, and goes on.
_DROPPED = {
    "destructor": "class Left:\n    def __del__(self): send()\nLeft()",
    "weak reference": "import weakref\nleft = {0}\nheld = weakref.ref(left, lambda _: send())\ndel left",
    "collection": "import gc\ngc.callbacks.append(lambda *_: send())\ngc.collect()",
}
_PROGRAM = """
import os, signal, sys, time
from agentcore_cli.__main__ import run

def leave(number, _frame):
    raise SystemExit(128 + number)

sent = []

def send():
    if not sent:
        sent.append(True)
        os.kill(os.getpid(), number)

def main(_arguments):
    signal.signal(signal.SIGTERM, leave)
    {dropped}
    assert sent
    time.sleep(60)

number = int(sys.argv[1])
import agentcore_cli.main
agentcore_cli.main.main = main
run()
"""


@pytest.mark.parametrize("moment", [None, 1e-6], ids=["quiet", "busy"])
@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
@pytest.mark.parametrize("dropped", _DROPPED)
def test_a_signal_is_heard_where_python_drops_what_its_handler_raises(
    dropped: str, number: int, code: int, moment: float | None
) -> None:
    """Busy: the moment is over before Python has left the place where it drops what is raised."""
    program = _PROGRAM.format(dropped=_DROPPED[dropped].replace("\n", "\n    "))
    if moment:
        program = program.replace("\nrun()", f"\nagentcore_cli.__main__._MOMENT_SECONDS = {moment}\nrun()")
    ran = subprocess.run([sys.executable, "-c", program, str(number)], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, "", "")


def test_the_code_is_ours_if_the_signal_came_while_a_text_was_run_as_code(tmp_path: Path) -> None:
    dropped = "try:\n        exec('send()')\n    except KeyboardInterrupt:\n        return 130"
    (tmp_path / "interrupted.py").write_text(_PROGRAM.format(dropped=dropped))
    started = [sys.executable, "-m", "interrupted", "2"]  # a script exits before Python asks for it
    ran = subprocess.run(started, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")


def test_other_faults_of_destructors_are_reported_as_ever() -> None:
    program = _PROGRAM.format(
        dropped="sent.append(1)\n    class Left:\n        def __del__(self): 1 / 0\n    Left()\n    return 0"
    )
    ran = subprocess.run([sys.executable, "-c", program, "2"], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0
    assert "ZeroDivisionError" in ran.stderr
