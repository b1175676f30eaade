"""The networks of sessions, as the server holds them; the process that makes them is `worker/gateway.py`.

A version says which one its sessions have: `private`, of their own with a way out; `none`, of their own without;
`closed`, the same without this server, too; or `shared`, the machine's. Where a private one is not to be had, a version
that did not say gets the machine's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from typing import Any, Final, Literal, Protocol

from agentcore_cli.contract import LOCAL_NETWORK, LOCAL_NETWORK_PROTECTION
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.relaying import relay_to
from agentcore_cli.local.sandbox.isolation import Isolation
from agentcore_cli.local.sandbox.program import Protection, SandboxError
from agentcore_cli.local.sandbox.reach import Service
from agentcore_cli.local.sandbox.resolver import Resolver
from agentcore_cli.local.sandbox.walls import keeper_command
from agentcore_cli.local.sandbox.wire import Message, Wire

START_SECONDS: Final = 20.0
FURNISH_SECONDS: Final = 30.0
PASTA: Final = "pasta"
LISTENERS_MAX: Final = 64  # that come at once
_DESCRIPTORS_MAX: Final = 4
_SYSTEM_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"

Mode = Literal["private", "shared", "none", "closed"]
_OWN: Final[Mapping[str, Mode]] = {"none": "none", "closed": "closed"}  # these need no way out


class Closable(Protocol):
    def close(self) -> None: ...


Serve = Callable[[socket.socket], Awaitable[Closable]]

_log = logging.getLogger(__name__)


class SharedGateway:
    """One gateway per server. It starts at once; what becomes of it is looked at when it is needed.

    `serve` and `port` are the server's own: how it answers on a further listening socket, and where.
    """

    def __init__(self, home: Home, isolation: Isolation, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or Resolver()
        self._wire: Wire | None = None
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._late = 0  # answers that nobody waits for any more
        self._serve: Serve | None = None
        self.port = 0
        self._told: dict[str, Any] | None = None
        self._names: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._user_namespace: int | None = None
        self._reason = "" if isolation.namespaces else "sessions have no namespaces here"
        if isolation.namespaces:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = _spawn(theirs)
            self._control.sendall(json.dumps(_settings(home, isolation)).encode() + b"\n")
            self._is_users = isolation.namespaces == "user"

    @property
    def reason(self) -> str:
        """Why sessions have no network of their own, or empty. Waits for the gateway's first word."""
        self._settle()
        return self._reason

    @property
    def protection(self) -> Protection:
        """As it is listed among the others."""
        return Protection(LOCAL_NETWORK_PROTECTION, not self.reason, self.reason)

    @property
    def address(self) -> str:
        """The gateway's, where sessions ask for names."""
        self._settle()
        return str(self._told["address"]) if self._told else ""

    @property
    def user_namespace(self) -> int | None:
        """For an ordinary user: a descriptor of the user namespace that a session's must lie in, to be linked."""
        self._settle()
        return self._user_namespace

    def mode(self, environment: Mapping[str, str]) -> Mode:
        """What the sessions of a version get, by its variables. Raises SandboxError when `none` is not to be had."""
        asked = environment.get(LOCAL_NETWORK, "")
        if asked == "shared" or (asked not in _OWN and self.reason):
            return "shared"
        self._settle()
        if self._told is None:
            raise SandboxError(f"its network can't be {asked}: {self._reason}", hint="agentcore local status")
        return _OWN.get(asked, "private")

    def settings(self, mode: Mode) -> dict[str, Any]:
        """What a keeper needs to know: the user namespace to lie in, and a session's resolv.conf (None: as it is)."""
        if mode == "shared":
            return {"network": mode}
        names = self._resolver.settings(self.address) if mode == "private" else ""
        return {"network": mode, "resolv_conf": names, "user_namespace": self.user_namespace}

    def answer_by(self, port: int, serve: Serve) -> None:
        """Let sessions reach the server at its own `port` of their loopback."""
        self.port, self._serve = port, serve

    async def furnish(self, namespace: int, mode: Mode) -> ExitStack:
        """Make of a new network namespace the one that `mode` says. Raises SandboxError.

        Gives what of the outside listens on the session's loopback, to be closed with the session.
        """
        ports = [self.port] if self._serve is not None and mode != "closed" else []
        listeners = await self._ask({"furnish": ports, "link": mode == "private"}, namespace)
        listening = ExitStack()
        for listener in listeners:
            assert self._serve is not None
            listening.callback((await self._serve(listener)).close)
        return listening

    async def let_through(self, namespace: int, listening: ExitStack, services: list[Service]) -> None:
        """Let a session reach services of this machine's loopback at their ports. Raises SandboxError."""
        if not services:
            return
        listeners = await self._ask({"listen": [service.port for service in services]}, namespace)
        for service, listener in zip(services, listeners, strict=True):
            server = await asyncio.start_server(relay_to("localhost", service.port), sock=listener)
            listening.callback(server.close)

    async def close(self) -> None:
        """End the gateway, and all that it made on this machine."""
        self._resolver.close()
        if self._process is None:
            return
        if self._wire is not None:
            self._wire.close()
        else:
            self._control.close()
        await asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        for descriptor in (*self._names, self._user_namespace):
            if descriptor is not None:
                os.close(descriptor)
        self._names, self._user_namespace = [], None

    def _settle(self) -> None:
        """Hear the first word of the gateway, if it was not heard yet."""
        if self._process is None or self._told is not None or self._reason:
            return
        self._control.settimeout(START_SECONDS)
        try:
            data, self._names, _, _ = socket.recv_fds(self._control, 65536, _DESCRIPTORS_MAX)
            first, *more = data.splitlines() or [b'{"failed": "the gateway has ended"}']
            told: dict[str, Any] = json.loads(first)
        except TimeoutError:
            told, more = {"failed": "the gateway does not answer"}, []
        self._control.settimeout(None)
        if len(self._names) == 1:  # the other got lost on its way
            told = {"failed": "the server had no descriptor left when the gateway began"}
        if "failed" in told:
            self._reason = told["failed"]
            return
        self._told, self._reason = told, told["reason"]
        if self._is_users:
            self._user_namespace = os.open(f"/proc/{self._process.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        for line in more:  # what happened since
            self._hear(json.loads(line))

    async def _connect(self) -> Wire:
        if self._wire is None:
            self._settle()
            if self._told is None:
                raise SandboxError(f"the session has no network: {self._reason}")
            self._wire = Wire(self._control, self._hear, self._lost, LISTENERS_MAX)
            if self._names:
                datagrams, streams = (socket.socket(fileno=descriptor) for descriptor in self._names)
                self._names = []
                await self._resolver.open(datagrams, streams)
        return self._wire

    async def _ask(self, message: Message, namespace: int) -> list[socket.socket]:
        async with self._turn:
            wire = await self._connect()
            try:
                await wire.send(message, (namespace,))
                answer = await asyncio.wait_for(self._answers.get(), FURNISH_SECONDS)
            except TimeoutError as error:
                self._late += 1
                raise SandboxError("the session has no network: the gateway does not answer") from error
            except ConnectionError as error:
                raise SandboxError("the session has no network: the gateway has ended") from error
            listeners = [socket.socket(fileno=descriptor) for descriptor in wire.take_descriptors()]
            if "failed" in answer:
                raise SandboxError(f"the session has no network: {answer['failed']}")
            return listeners

    def _hear(self, message: Message) -> None:
        if "trouble" in message:
            _log.warning("the gateway could not follow a change of this machine's network: %s", message["trouble"])
        elif "lost" in message:
            self._reason = message["lost"]
            _log.error("sessions have no way out any more: %s", self._reason)
        elif self._late and self._wire is not None:  # whoever asked has given up
            self._late -= 1
            for descriptor in self._wire.take_descriptors():
                os.close(descriptor)
        else:
            self._answers.put_nowait(message)

    def _lost(self) -> None:
        self._reason = "the gateway has ended"
        self._told = None
        _log.error("%s: new sessions have no network of their own", self._reason)
        self._late = 0
        self._answers.put_nowait({"failed": self._reason})


def link_name(home: Home) -> str:
    """Of the one link that this machine sees; at most 15 characters."""
    return f"agc{hashlib.sha256(str(home.root).encode()).hexdigest()[:10]}"


def _settings(home: Home, isolation: Isolation) -> dict[str, object]:
    return {
        "namespaces": isolation.namespaces,
        "link": link_name(home),
        "record": str(home.root / "network"),
        "pasta": shutil.which(PASTA) or shutil.which(PASTA, path=_SYSTEM_PATH),
    }


def _spawn(control: socket.socket) -> subprocess.Popen[bytes]:
    command = keeper_command("gateway", control.fileno())
    return subprocess.Popen(
        command,
        pass_fds=[control.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
