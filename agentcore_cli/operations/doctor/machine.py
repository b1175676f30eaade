"""This computer: Pythons, uv, the state folder and the local runtime."""

from __future__ import annotations

import platform
import shutil
from typing import Final

import uv

from agentcore_cli import __version__, user_folder
from agentcore_cli.builders.packages import interpreters
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.local import daemon
from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.home import Home
from agentcore_cli.operations.doctor.check import Check, missing
from agentcore_cli.operations.selection import Selected

_SPACE_WANTED: Final = 1024**3  # bytes: a few environments and their caches
_SPACE_NEEDED: Final = 100 * 1024**2


def tool_python() -> Check:
    """The Python that runs agentcore itself; packaging sees to it that it is new enough."""
    return Check("python", "ok", f"agentcore {__version__} on Python {platform.python_version()}")


def installer() -> Check:
    try:
        return Check("uv", "ok", uv.find_uv_bin())
    except FileNotFoundError as error:
        return Check(
            "uv", "fail", f"not found: {error}", "pip install --force-reinstall uv, where agentcore is installed"
        )


def agent_python(selected: Selected) -> Check:
    """The Python that the agent asks for: needed on this machine by the local runtime alone."""
    wanted = selected.agent.python
    try:
        found = interpreters.find(wanted)
    except InputError as error:
        return missing("agent's python", error.message, f"install Python {wanted}", needed=selected.is_local)
    if found.minor == wanted:
        return Check("agent's python", "ok", f"{found.version}: {found.path}")
    detail = f"no Python {wanted} here; the local runtime would take {found.version}"
    return Check(
        "agent's python", "warn", detail, f"install Python {wanted}, or agentcore configure --python {found.minor}"
    )


def local_runtime(home: Home, *, needed: bool) -> list[Check]:
    """The state folder, how sessions are kept apart, and the server if it runs."""
    state = _state(home, needed)
    return (
        [state]
        if state.status == "fail" or user_folder.fault(home.root)
        else [state, _server(home, needed), _sandbox(home)]
    )


def _state(home: Home, needed: bool) -> Check:
    fix = "set AGENTCORE_HOME to a folder of yours with space"
    try:
        home.create()
        probe = home.root / ".writable"
        probe.touch()
        probe.unlink()
    except (AgentcoreError, OSError) as error:
        return missing("state folder", str(error), fix, needed=needed)
    free = shutil.disk_usage(home.root).free
    detail = f"{home.root}, {free / 1024**3:.1f} GB free"
    if free < _SPACE_NEEDED:
        return missing("state folder", detail, fix, needed=needed)
    return Check("state folder", "ok", detail) if free >= _SPACE_WANTED else Check("state folder", "warn", detail, fix)


def _server(home: Home, needed: bool) -> Check:
    server = daemon.running(home)
    if server is None:
        return Check("local runtime", "ok", "not running; it starts when it is needed")
    try:
        health = AdminClient(server).health()
    except AgentcoreError as error:
        fix = "agentcore local stop, then agentcore local start"
        return missing("local runtime", f"{server.url}: {error.message}", fix, needed=needed)
    if server.version != __version__:
        detail = f"version {server.version} is running, this is {__version__}"
        return Check("local runtime", "warn", detail, "agentcore local stop, when its sessions may end")
    return Check("local runtime", "ok", f"{server.url}, runtimes: {health.runtimes}, sessions alive: {health.sessions}")


def _sandbox(home: Home) -> Check:
    from agentcore_cli.local.sandbox.isolation import detect

    level = detect(home).level
    if level.name == "namespaces":
        return Check("isolation", "ok", "namespaces" + (f" ({level.reason})" if level.reason else ""))
    detail = f"sessions are separate processes, which is not a security boundary: {level.reason}"
    return Check("isolation", "warn", detail, "run agents that you don't trust elsewhere, or allow user namespaces")
