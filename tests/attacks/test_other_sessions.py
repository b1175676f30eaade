"""What one session does is invisible to the next, and to the local runtime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.local.sandbox.stage import AGENTS, Stage, invoke, run_in

OBEDIENT = AGENTS / "obedient.py"

namespaces = pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces")


@pytest.mark.parametrize(
    ("write", "look"),
    [
        pytest.param("open('notes', 'w').write('x')", "import os; result = os.path.exists('notes')", id="own-folder"),
        pytest.param(
            "open('/tmp/notes', 'w').write('x')", "import os; result = os.path.exists('/tmp/notes')", id="/tmp"
        ),
        pytest.param(
            "open('/dev/shm/notes', 'w').write('x')",
            "import os; result = os.path.exists('/dev/shm/notes')",
            id="/dev/shm",
        ),
        pytest.param(
            "import os; open(os.path.expanduser('~/notes'), 'w').write('x')",
            "import os; result = os.path.exists(os.path.expanduser('~/notes'))",
            id="HOME",
        ),
        pytest.param(
            "import tempfile; open(tempfile.gettempdir() + '/n', 'w').write('x')",
            "import os, tempfile; result = os.path.exists(tempfile.gettempdir() + '/n')",
            id="TMPDIR",
        ),
        pytest.param("import os; os.environ['NOTES'] = 'x'", "import os; result = 'NOTES' in os.environ", id="environ"),
        pytest.param("import json; json.notes = 1", "import json; result = hasattr(json, 'notes')", id="module"),
        pytest.param(
            "import os; os.unlink('obedient.py'); os.mkdir('x')",
            "import os; result = os.listdir('.') != ['obedient.py']",
            id="delete-code",
        ),
    ],
)
async def test_a_session_does_not_see_what_another_wrote(write: str, look: str, stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    first, second = await stage.start(program), await stage.start(program)
    await run_in(first, write)
    assert await run_in(second, look) is False
    third = await stage.start(program)
    assert await run_in(third, look) is False


async def test_what_a_session_wrote_is_there_at_its_next_call(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    await run_in(session, "open('notes', 'w').write('x'); open('/tmp/t', 'w').write('y')")
    assert await run_in(session, "result = open('notes').read() + open('/tmp/t').read()") == "xy"


@namespaces
async def test_installed_packages_are_read_only(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    for spoil in ("import json; open(json.__file__, 'a')", "import sys; open(sys.prefix + '/new', 'w')"):
        reply = await invoke(session, {"run": spoil})
        assert "PermissionError" in reply.body["error"] or "Read-only file system" in reply.body["error"]


@namespaces
async def test_the_runtime_s_own_files_and_other_sessions_are_hidden(stage: Stage) -> None:
    stage.home.server_file.write_text("the access key")
    program = stage.program(OBEDIENT)
    session, other = await stage.start(program), await stage.start(program)
    await run_in(other, "open('/tmp/private', 'w').write('x')")
    at = f"import os; result = os.path.exists({str(stage.home.root)!r})"
    assert await run_in(session, at) is False
    assert await run_in(session, "import os; result = os.listdir('/.sessions')") == []
    assert await run_in(session, "import os; result = os.listdir('/dev/shm')") == []


@namespaces
async def test_a_session_sees_no_foreign_process_and_no_disk(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    processes = await run_in(session, "import os; result = [n for n in os.listdir('/proc') if n.isdigit()]")
    assert sorted(processes) == ["1", "2"]
    devices = await run_in(session, "import os; result = os.listdir('/dev')")
    assert set(devices) <= {
        *("null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "shm"),
        *("fd", "stdin", "stdout", "stderr"),
    }


@namespaces
@pytest.mark.parametrize(
    "act",
    [
        pytest.param("os.kill(1, 9) or os.kill(1, 0)", id="kill-init"),
        pytest.param("libc.umount2(b'/tmp', 2) or 1 / 0", id="umount"),
        pytest.param("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) or 1 / 0", id="mount"),
        pytest.param("libc.ptrace(16, 1, 0, 0) or 1 / 0", id="trace-init"),
        pytest.param("print(open('/proc/1/environ').read()) or 1 / 0", id="read-init"),
        pytest.param("open('/proc/sys/kernel/hostname', 'w').write('x')", id="sysctl"),
        pytest.param("os.mknod('disk', 0o60600, os.makedev(254, 0)) or 1 / 0", id="make-device"),
    ],
)
async def test_a_session_cannot_undo_its_walls(act: str, stage: Stage) -> None:
    """Each act is refused, by an error or (a signal for pid 1) in silence."""
    session = await stage.start(stage.program(OBEDIENT))
    source = f"""
import ctypes, os
libc = ctypes.CDLL(None)
try:
    {act}
except ZeroDivisionError:
    result = 'done'
except OSError:
    result = 'refused'
else:
    result = 'refused'
"""
    assert await run_in(session, source) == "refused"


async def test_the_environment_is_made_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "of the person who started the server")
    program = stage.program(OBEDIENT, environment={"LOG_LEVEL": "info"})
    session = await stage.start(program, environment={"AWS_ACCESS_KEY_ID": "AKIA"})
    seen = await run_in(session, "import os; result = dict(os.environ)")
    assert seen["LOG_LEVEL"] == "info"
    assert seen["AWS_ACCESS_KEY_ID"] == "AKIA"
    assert seen["PATH"].startswith(str(program.interpreter.parent))
    assert "MY_SECRET" not in seen
    assert "DOCKER_CONTAINER" not in seen


async def test_session_variables_are_in_no_command_line_and_no_initial_environment(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT), environment={"AWS_SECRET_ACCESS_KEY": "wJalrXUt"})
    await run_in(session, "result = 1")
    for name in ("cmdline", "environ"):
        assert "wJalrXUt" not in Path(f"/proc/{session.pid}/{name}").read_text()
    for folder, _, files in os.walk(stage.home.root):
        assert not any("wJalrXUt" in Path(folder, name).read_text(errors="ignore") for name in files if "." not in name)


async def test_two_sessions_draw_different_numbers(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    draw = "import random, uuid; result = [random.random(), str(uuid.uuid4())]"
    drawn = [await run_in(await stage.start(program), draw) for _ in range(2)]
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


@namespaces
async def test_all_sessions_have_the_same_paths(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    ask = "import os, tempfile; result = [os.getcwd(), sys.path[0], os.path.expanduser('~'), tempfile.gettempdir()]"
    first, second = [await run_in(await stage.start(program), ask) for _ in range(2)]
    assert first == second == ["/var/task", "/var/task", "/home/agent", "/tmp"]


REMOUNT = """
from agentcore_cli.local.sandbox.worker import kernel, root
kernel.unshare(kernel.CLONE_NEWNS)
kernel.mount("", "/", flags=kernel.MS_PRIVATE | kernel.MS_REC)
root.remount("/", kernel.MS_RDONLY)
try:
    open("/tmp/written", "w")
except OSError as error:
    print(error.strerror)
"""


@namespaces
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_kernels_without_mount_setattr_remount_one_by_one() -> None:
    repository = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", REMOUNT], cwd=repository, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("Read-only file system\n", "")
