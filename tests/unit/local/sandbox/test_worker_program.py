"""When an execution is followed, and which folders are bound back."""

from __future__ import annotations

import sys

import pytest

from agentcore_cli.local.sandbox.worker.program import is_followed


@pytest.mark.parametrize(
    ("path", "arguments", "followed"),
    [
        pytest.param(sys.executable, ["python", "main.py"], True, id="script"),
        pytest.param(sys.executable, ["python", "-m", "module"], True, id="module"),
        pytest.param(sys.executable, ["python", "-c", "pass"], False, id="command"),
        pytest.param(sys.executable, ["python", "-X", "dev", "main.py"], False, id="options"),
        pytest.param(sys.executable, ["python"], False, id="interactive"),
        pytest.param("/bin/sh", ["sh", "main.sh"], False, id="another-program"),
        pytest.param(b"/bin/sh", [b"sh"], False, id="bytes"),
    ],
)
def test_the_own_interpreter_with_a_program_is_followed(path: object, arguments: list[object], followed: bool) -> None:
    assert is_followed(path, arguments) is followed
