"""What the server tells a keeper (`worker/keeper.py`) about the walls of one program, and how it is started."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import account
from agentcore_cli.local.sandbox.environment import CERTIFICATES
from agentcore_cli.local.sandbox.program import BindMount
from agentcore_cli.user_folder import home_of

if TYPE_CHECKING:
    from agentcore_cli.local.sandbox.isolation import Isolation

WORKER: Final = Path(__file__).parent / "worker"


def keeper_command(role: str, descriptor: int) -> list[str]:
    """A keeper begins outside: so it runs on the server's own interpreter, without anybody's packages."""
    return [sys.executable, "-I", "-S", str(WORKER), role, str(descriptor)]


@contextlib.contextmanager
def keeper(role: str, settings: dict[str, Any], seconds: float, handed: int | None = None) -> Iterator[socket.socket]:
    """A keeper that was told its `settings`, has a copy of a descriptor that is `handed` over, answers and ends.

    Gives the connection to it, which waits for so many seconds; whatever goes wrong with that ends the keeper.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                keeper_command(role, theirs.fileno()),
                pass_fds=[theirs.fileno(), *([] if handed is None else [handed])],
                stdin=subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )
        try:
            ours.settimeout(seconds)
            ours.sendall(json.dumps(settings).encode() + b"\n")
            yield ours
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()


def owner(home: Home, isolation: Isolation) -> int | None:
    """The account that the files of sessions belong to; None: the server's own."""
    return account.number(home) if isolation.namespaces == "root" else None


def wall_settings(
    home: Home,
    isolation: Isolation,
    interpreter: Path,
    code: Path,
    sessions: Path,
    visible: tuple[Path, ...] = (),
    mounts: tuple[BindMount, ...] = (),
    storage: str | None = None,
) -> dict[str, Any]:
    """What may be seen inside, and who is there."""
    kept_out = [str(home_of()), str(home.root), str(home.environments)]
    return {
        "namespaces": isolation.namespaces,
        "account": owner(home, isolation),
        "interpreter": str(interpreter),
        "code": str(code),
        "sessions": str(sessions),
        "rooms_on_disk": isolation.rooms_on_disk,
        "visible": [*map(str, visible), *_certificates(kept_out)],
        "mounts": [mount._asdict() for mount in mounts],
        "storage": storage,
        "kept_out": kept_out,
        "network": "shared",
        "resolv_conf": None,
        "user_namespace": None,
    }


def _certificates(kept_out: list[str]) -> list[str]:
    """What the variables name that sessions are passed, and never a folder that holds one of `kept_out`."""
    named = [path for name in CERTIFICATES for path in os.environ.get(name, "").split(os.pathsep)]
    return [path for path in named if os.path.isabs(path) and not any(_is_in(other, path) for other in kept_out)]


def _is_in(path: str, folder: str) -> bool:
    real = os.path.realpath(folder)
    return os.path.commonpath([os.path.realpath(path), real]) == real
