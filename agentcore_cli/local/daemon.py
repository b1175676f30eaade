"""The server as others see it: whether it runs, how to start it, how to stop it.

Every local command comes through here first, so only light modules are imported, and the rest where it is used.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

import msgspec

from agentcore_cli import __version__, documents
from agentcore_cli.local.protocol import NUMBER, ServerFile
from agentcore_cli.waiting import Waiter

if TYPE_CHECKING:
    from agentcore_cli.local.home import Home

HOST: Final = "127.0.0.1"
READY: Final = b"ready"  # what a new server says on its stdout before it lets go of it
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
UNUSED_SECONDS: Final = 600.0  # how long a server without any runtime waits for its first, since it was last asked for
LINGER_SECONDS: Final = 6.0  # the same when it has had runtimes; a destroy looks every 2 s whether the last is gone
ANEW: Final = "agentcore local stop, then again: that starts the local runtime anew"
_POLL_SECONDS: Final = 0.02
_LOG_TAIL: Final = 2000  # characters
_MODULE: Final = "agentcore_cli.local"


def running(home: Home) -> ServerFile | None:
    """The server of this home, if it is alive: a process of that pid that began when the server did."""
    try:
        server = msgspec.convert(documents.read(home.server_file), ServerFile)
    except (FileNotFoundError, ValueError):
        return None
    return server if process_started(server.pid) == server.started else None


def ensure_running(home: Home) -> ServerFile:
    """The server of this home, started if there is none; two callers at once get the same one.

    A server of another version is replaced as soon as no session lives in it, and used until then if it speaks the same
    protocol. Raises AgentcoreError when it does not start, ConflictError when it speaks another and sessions live, and
    for one in another network, which can't be reached from here.
    """
    server = running(home)
    if server is not None:
        _require_same_network(server)
    if server is not None and server.version == __version__ and _wanted(home):
        return server
    from agentcore_cli.files import lock

    home.create()
    with lock(home.start_lock, purpose="start of the local runtime", wait=True):
        server = running(home)
        if server is not None and server.version != __version__ and _has_made_way(home, server):
            server = None
        return server if server is not None and _wanted(home) else _start(home)


def let_go(home: Home) -> None:
    """Nobody is about to make a first runtime: a server without any ends as soon as it does after its last one.

    Whoever only looks for something starts a server, too, where there was none.
    """
    asked_for = time.time() - UNUSED_SECONDS + LINGER_SECONDS
    with contextlib.suppress(FileNotFoundError):
        os.utime(home.server_file, (asked_for, asked_for))


def stop(home: Home) -> bool:
    """End the server and everything it runs. False when none was running."""
    server = running(home)
    if server is None:
        return False
    started = process_started(server.pid)
    os.kill(server.pid, signal.SIGTERM)
    if not _gone(server.pid, started, STOP_SECONDS):
        os.kill(server.pid, signal.SIGKILL)
        _gone(server.pid, started, STOP_SECONDS)
    return True


def process_started(pid: int) -> str | None:
    """When a process began, in whatever unit the system has; None when there is no such process, or only its zombie."""
    if sys.platform == "linux":
        return _started_by_proc(pid)
    return _started_by_ps(pid)


def _started_by_proc(pid: int) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # the name before may hold blanks and brackets
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def _started_by_ps(pid: int) -> str | None:
    import subprocess

    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = shown.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def _wanted(home: Home) -> bool:
    """Tell the server that it is needed (it looks at the time of its file); False when it is just ending."""
    try:
        os.utime(home.server_file)
    except FileNotFoundError:
        return False
    return True


def _gone(pid: int, started: str | None, seconds: float) -> bool:
    return Waiter(_POLL_SECONDS, _POLL_SECONDS).until(lambda: process_started(pid) != started, seconds)


def _has_made_way(home: Home, server: ServerFile) -> bool:
    """End a server of another version unless sessions live in it; False when it goes on and can be spoken to."""
    from agentcore_cli.errors import ConflictError
    from agentcore_cli.local.client import AdminClient

    sessions = AdminClient(server).health().sessions
    if not sessions:
        return stop(home)
    if server.protocol == NUMBER:
        return False
    living = f"{sessions} living session{'s' if sessions > 1 else ''}"
    raise ConflictError(
        f"the local runtime is version {server.version} and has {living}; this is {__version__}",
        hint="agentcore local stop",
    )


def _start(home: Home) -> ServerFile:
    """Start a server that outlives this process, and wait until it answers."""
    import subprocess

    command = [sys.executable, "-m", _MODULE, "--home", str(home.root), "--detach"]
    with home.server_log.open("ab") as log:
        os.fchmod(log.fileno(), 0o600)
        began = log.tell()
        starter = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=home.root, env=_environment()
        )
        try:
            said, _ = starter.communicate(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            said = b""
        starter.wait()
    server = running(home)
    if said != READY or server is None:
        raise _did_not_start(home, began)
    _require_loopback(home, server)
    return server


def _require_same_network(server: ServerFile) -> None:
    """Each network namespace has a loopback of its own (`unshare -n`, a container that shares our processes)."""
    try:
        theirs, ours = (os.readlink(f"/proc/{process}/ns/net") for process in (server.pid, "self"))
    except OSError:  # no Linux, or a process that we may not look at
        return
    if theirs != ours:
        from agentcore_cli.errors import ConflictError

        raise ConflictError(
            f"the local runtime (process {server.pid}) runs in another network than this command, which can't reach it",
            hint="agentcore local stop, then again: it starts here; or set AGENTCORE_HOME for another one beside it",
        )


def _require_loopback(home: Home, server: ServerFile) -> None:
    """Raises AgentcoreError where this machine, or this container, does not reach itself."""
    import socket

    try:
        socket.create_connection((server.host, server.port), START_SECONDS).close()
    except OSError as error:
        from agentcore_cli.errors import AgentcoreError

        stop(home)
        raise AgentcoreError(
            f"the local runtime started, and {server.host} can't be reached here: {error.strerror or error}",
            hint="turn the loopback network on (`ip link set lo up`), which nothing local works without; then again",
        ) from error


def _environment() -> dict[str, str]:
    """The server's environment: nobody's credentials or endpoints are in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AGENTCORE_"))}


def _did_not_start(home: Home, began: int) -> Exception:
    from agentcore_cli.errors import AgentcoreError

    with home.server_log.open("rb") as log:
        log.seek(began)
        said = log.read().decode(errors="replace").strip()[-_LOG_TAIL:]
    return AgentcoreError(
        f"the local runtime did not start: {said or 'it said nothing'}", hint=f"see {home.server_log}"
    )
