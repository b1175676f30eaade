"""What a session sees and who it is: a list, and nobody. Tried as the server runs here, and in a user namespace."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.isolation import Isolation, detect
from agentcore_cli.local.sandbox.program import BindMount
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces")

OBEDIENT = AGENTS / "obedient.py"
ROOT = {
    *("bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc", "run", "sbin", "sys"),
    *("tmp", "usr", "var", ".code", ".sessions"),
}


@pytest.fixture(params=["best", "user"])
def isolation(request: pytest.FixtureRequest, tmp_path: Path) -> Isolation:
    """As the machine has it, and as an ordinary user would have it."""
    best = detect(Home(tmp_path / "probed").create())
    if best.namespaces is None:
        pytest.skip(f"no namespaces: {best.reason}")
    return best if request.param == "best" else replace(best, namespaces="user")


async def ask(stage: Stage, source: str, **program: Any) -> Any:
    """The `result` of what one session runs."""
    wanted = replace(stage.program(OBEDIENT), **program)
    return await run_in(await stage.start(wanted), source)


async def test_the_root_holds_what_was_added(stage: Stage) -> None:
    """An interpreter may lie elsewhere: then the folders that lead to it are there, and empty but for it."""
    seen = await ask(stage, "import os; result = {at: os.listdir(at) for at in ('/', '/home', '/run')}")
    interpreters = {Path(prefix).parts[1] for prefix in (sys.prefix, sys.base_prefix)}
    assert set(seen["/"]) <= ROOT | interpreters
    assert (seen["/home"], seen["/run"]) == (["agent"], [])


async def test_nothing_of_the_user_is_there(stage: Stage, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    home = os.path.expanduser("~")
    look = f"""
import os, sys
def files(top): return [os.path.join(at, name) for at, _, names in os.walk(top) for name in names]
own = (sys.prefix + '/', sys.base_prefix + '/')
result = [os.path.exists({str(secret)!r}), [name for name in files({home!r}) if not name.startswith(own)]]
"""
    assert await ask(stage, look) == [False, []]


async def test_an_agent_is_nobody_with_a_name(stage: Stage) -> None:
    look = """
import getpass, os, pwd
status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())
result = {
    'ids': [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()],
    'name': [getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir],
    'capabilities': {status[name].strip() for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')} == {'0' * 16},
    'privileges': status['NoNewPrivs'].strip(),
    'owner': os.stat('obedient.py').st_uid,
}
"""
    assert await ask(stage, look) == {
        "ids": [1000, 1000, 1000, []],
        "name": ["agent", "/home/agent"],
        "capabilities": True,
        "privileges": "1",
        "owner": 1000,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
async def test_outside_it_is_nobody_s_account(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        session = await stage.start(stage.program(OBEDIENT))
        await run_in(session, "open('/tmp/own', 'w').close()")
        account = Path(f"/proc/{session.pid}").stat().st_uid
        assert account > 1_000_000_000
        assert Path(f"/proc/{session.pid}/root/tmp/own").stat().st_uid == account


async def test_no_user_namespace_can_be_made(stage: Stage) -> None:
    look = "import ctypes; result = ctypes.CDLL(None).unshare(0x10000000)"
    assert await ask(stage, look) == -1


async def test_two_sessions_share_no_descriptor(stage: Stage) -> None:
    """But /dev/null: files, pipes and sockets are compared as the kernel names them."""
    library = "import os, socket\nopened = open(__file__)\npair = socket.socketpair()\npipe = os.pipe()"
    source = stage.write(agent=f"import library\n{OBEDIENT.read_text()}")
    program = stage.program(source, "agent.py", interpreter=stage.interpreter(library=library))
    first, second = await stage.start(program), await stage.start(program)
    held = [_descriptors(session.pid) for session in (first, second)]
    assert held[0] & held[1] <= {"/dev/null", "anon_inode:[eventpoll]", "anon_inode:[eventfd]"}


def _descriptors(pid: int) -> set[str]:
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


async def test_there_is_no_terminal(stage: Stage) -> None:
    look = """
import os
try:
    os.open('/dev/tty', os.O_RDWR); opened = True
except OSError:
    opened = False
main, other = os.openpty()
result = [opened, os.isatty(0), os.ttyname(other), os.getsid(0) == os.getpid()]
"""
    assert await ask(stage, look) == [False, False, "/dev/pts/0", True]


async def test_ordinary_work_works(stage: Stage) -> None:
    look = """
import ctypes.util, multiprocessing, os, shutil, socket, sqlite3, ssl, subprocess, sys, tempfile, zoneinfo
sqlite3.connect(os.path.expanduser('~/own.db')).execute('create table t (c)')
sqlite3.connect('own.db').execute('create table t (c)')
open('obedient.py', 'a').write('#'); os.chmod('obedient.py', 0o600); os.rename('obedient.py', 'other.py')
with open('/dev/shm/x', 'w') as file: file.write('x')
result = [
    subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True, text=True).stdout,
    tempfile.mkdtemp().startswith('/tmp/'),
    ctypes.util.find_library('c') is not None,
    bool(ssl.create_default_context()),
    socket.gethostbyname('localhost'),
    os.cpu_count() > 0,
    multiprocessing.Lock() is not None,
]
"""
    assert await ask(stage, look) == ["1\n", True, True, True, "127.0.0.1", True, True]


async def test_a_mount_is_there_as_it_was_wanted(stage: Stage, tmp_path: Path) -> None:
    for name in ("read", "write"):
        (tmp_path / name).mkdir(mode=0o777)
        (tmp_path / name).chmod(0o777)
        (tmp_path / name / "file").write_text(name)
    mounts = (BindMount(str(tmp_path / "read"), False), BindMount(str(tmp_path / "write"), True))
    look = f"""
import os
result = []
for name in ('read', 'write'):
    at = os.path.join({str(tmp_path)!r}, name)
    result.append(open(at + '/file').read())
    try:
        open(at + '/new', 'w').close(); result.append('written')
    except OSError as error:
        result.append(error.strerror)
"""
    seen = await ask(stage, look, mounts=mounts)
    assert seen == ["read", "Read-only file system", "write", "written"]


async def test_certificates_that_a_variable_names_are_there_and_nothing_around_them(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "certificates.pem").write_text("a bundle")
    (tmp_path / "beside").write_text("mine")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificates.pem"))
    look = f"""
import os
result = [open(os.environ['SSL_CERT_FILE']).read(), os.path.exists({str(tmp_path / "beside")!r})]
"""
    assert await ask(stage, look) == ["a bundle", False]


async def test_an_environment_that_was_made_for_its_owner_alone_is_read(tmp_path: Path) -> None:
    """As the builder makes it: in a temporary folder."""
    async with Stage(tmp_path) as stage:
        interpreter = stage.interpreter(library="here = True")
        interpreter.parent.parent.chmod(0o700)
        program = stage.program(OBEDIENT, interpreter=interpreter, readable=(interpreter.parent.parent,))
        assert await run_in(await stage.start(program), "import library; result = library.here") is True


async def test_a_parent_reaches_nothing_outside(stage: Stage, tmp_path: Path) -> None:
    """A package that is imported ahead of sessions writes where it can, and looks around."""
    library = f"""
import os
def can(path):
    try:
        open(path, 'a').close()
        return True
    except OSError:
        return False
found = [can('/var/task/x'), can(__file__), can('/etc/passwd'), os.path.exists({str(tmp_path / "home")!r})]
uid, processes = os.getuid(), len([name for name in os.listdir('/proc') if name.isdigit()])
"""
    stage.home.server_file.write_text("the key")
    source = stage.write(agent=f"import library\n{OBEDIENT.read_text()}")
    program = stage.program(source, "agent.py", interpreter=stage.interpreter(library=library))
    session = await stage.start(program)
    seen = await run_in(session, "result = [library.found, library.uid, library.processes]")
    assert seen == [[False, False, False, False], 1000, 2]
