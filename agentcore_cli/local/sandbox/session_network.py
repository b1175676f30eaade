"""The network of one session, from the empty namespace that its init hands over to the last thing that leads in."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from agentcore_cli.local.sandbox.environment import passed_on
from agentcore_cli.local.sandbox.network import Mode, SharedGateway
from agentcore_cli.local.sandbox.program import Program, SandboxError
from agentcore_cli.local.sandbox.reach import listening, services

_MISSING: Final = "the session has no network: its first process made none"

_log = logging.getLogger(__name__)


class SessionNetwork:
    """Nothing at all where the session has the machine's."""

    def __init__(self, network: SharedGateway, mode: Mode, program: Program, key: str) -> None:
        self._network = network
        self._mode = mode
        self._program = program
        self._key = key
        self._namespace: int | None = None
        self._furnishing: asyncio.Task[ExitStack] | None = None
        self._door: ExitStack | None = None
        self._closed = False

    @property
    def is_own(self) -> bool:
        """Whether its ports are nobody else's."""
        return self._mode != "shared"

    def furnish(self, descriptors: list[int]) -> None:
        """Begin to make something of the empty namespace; a session has one, and a second one is not looked at."""
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        if self._namespace is not None or self._closed or self._mode == "shared":
            os.close(descriptors[0])
            return
        self._namespace = descriptors[0]
        self._furnishing = asyncio.get_running_loop().create_task(self._network.furnish(self._namespace, self._mode))

    async def furnished(self) -> None:
        """Wait until it is as the version wants it. Raises SandboxError."""
        if self._mode == "shared":
            return
        if self._furnishing is None:
            raise SandboxError(_MISSING)
        self._door = await self._furnishing

    async def let_through(self, environment: Mapping[str, str]) -> None:
        """Let it reach what its variables name of this machine's loopback. Raises SandboxError."""
        if self._namespace is None or self._door is None:
            return
        variables = {**passed_on(), **self._program.environment, **environment}
        named = services(variables, without={self._program.port, self._network.port})
        found = await listening(named)
        if found:
            _log.info("session %s reaches of this machine's loopback: %s", self._key, ", ".join(map(str, found)))
            await self._network.let_through(self._namespace, self._door, found)
        self._forget_namespace()

    def close(self) -> None:
        """Let nothing lead there any more; the rest went with the session's last process."""
        self._closed = True
        if self._furnishing is not None and not self._furnishing.done():
            self._furnishing.add_done_callback(lambda _: self._forget_all())
        else:
            self._forget_all()

    def _forget_all(self) -> None:
        self._forget_namespace()
        made = self._furnishing
        if made is not None and not made.cancelled() and made.exception() is None:
            made.result().close()

    def _forget_namespace(self) -> None:
        """The descriptor would keep it alive."""
        if self._namespace is not None:
            os.close(self._namespace)
            self._namespace = None
