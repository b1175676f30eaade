from __future__ import annotations

import io
import linecache
import os
import pty
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentcore_cli.ui.keyboard import keys, read_line, wait_for_signal
from tests.command_line import CommandLine
from tests.local_runtime import eventually
from tests.terminal import Terminal


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What types on the terminal that stdin is."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield ours
    os.close(ours)


def test_lines_typed_ahead_are_read_one_by_one_to_the_end(keyboard: int) -> None:
    os.write(keyboard, b"first\nsecond\n\x04")
    assert [read_line(), read_line(), read_line()] == ["first\n", "second\n", ""]


def test_lines_of_a_pipe_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("first\nsecond"))
    assert [read_line(), read_line(), read_line()] == ["first\n", "second", ""]


def test_keys_are_read_as_they_are_pressed_and_what_is_pasted_at_once(keyboard: int) -> None:
    with keys() as pressed:
        for key in ("r", "ü", "\x1b[A", "a required text\n"):
            os.write(keyboard, key.encode())
            assert pressed() == key
    os.write(keyboard, b"a whole line again\n")
    assert read_line() == "a whole line again\n"


def _next_key() -> str:
    with keys() as pressed:
        return pressed()


@pytest.mark.parametrize("wait", [read_line, _next_key, wait_for_signal], ids=["line", "key", "signal"])
def test_ctrl_c_ends_a_wait_and_leaves_nothing_behind(keyboard: int, wait: Callable[[], object]) -> None:
    waited_for = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(waited_for)
    opened = set(os.listdir("/dev/fd"))
    key = threading.Thread(target=_press_ctrl_c_when_it_waits)
    with pytest.raises(KeyboardInterrupt):
        _wait_while_pressed(key, wait)
    key.join()
    assert signal.set_wakeup_fd(waited_for) == waited_for
    assert set(os.listdir("/dev/fd")) == opened
    os.write(keyboard, b"and on\n")
    assert read_line() == "and on\n"


def _press_ctrl_c_when_it_waits() -> None:
    reader = threading.main_thread().ident or 0

    def waits() -> bool:
        frame = sys._current_frames()[reader]
        return "select.select(" in linecache.getline(frame.f_code.co_filename, frame.f_lineno)

    eventually(waits, "it waits")
    os.kill(os.getpid(), signal.SIGINT)


def _wait_while_pressed(key: threading.Thread, wait: Callable[[], object]) -> object:
    key.start()
    return wait()


def test_keys_end_with_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with keys() as pressed:
            os.close(ours)
            assert pressed() == ""


_JOB = """
from agentcore_cli.ui.keyboard import keys
with keys() as pressed:
    print("listens", flush=True)
    while (typed := pressed()) != "q":
        print("heard", typed, flush=True)
print("left", flush=True)
"""


@pytest.mark.parametrize("shell", ["bash --norc --noprofile --noediting -i", "sh -i"], ids=["bash", "sh"])
def test_ctrl_z_gives_the_terminal_back_and_fg_listens_again(tmp_path: Path, shell: str) -> None:
    (tmp_path / "job.py").write_text(_JOB)
    is_a_line = "stty -a | tr ' ' '\\n' | grep -qx"
    with Terminal(CommandLine(tmp_path, {}), bash=f"exec {shell}") as terminal:
        terminal.say(f"{sys.executable} job.py")
        terminal.wait_for("listens")
        terminal.type("a")
        terminal.wait_for("heard a")
        terminal.type("\x1a")
        terminal.wait_for("topped")
        terminal.say(f"{is_a_line} icanon && echo it is $((40 + 2))")
        terminal.wait_for("it is 42")
        terminal.say("fg")
        terminal.type("b")
        terminal.wait_for("heard b")
        terminal.type("q")
        terminal.wait_for("left")
        terminal.say(f"{is_a_line} icanon && echo it is $((41 + 2))")
        terminal.wait_for("it is 43")
