"""The deployers' credentials, resolved outside this process and kept in memory, for as long as they are good.

A process of its own finds them (`aws.broker`), in the environment of whoever deployed; callers who come meanwhile wait
for the same one. What expires is resolved anew well before it does; if that fails, what is there serves to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from agentcore_cli.local.protocol import CredentialSource

BROKER: Final = "agentcore_cli.aws.broker"
AHEAD_SECONDS: Final = 1200.0  # before their end; SDKs ask again a quarter of an hour before that
KEEP_SECONDS: Final = 60.0  # keys that say no end may be replaced in their file; and what is about to end is asked for
LAST_SECONDS: Final = 5.0  # before their end, in which nobody is given keys that end before they are used
FAULT_SECONDS: Final = 2.0  # that a fault counts at least: whoever logs in goes on at once
ANSWER_SECONDS: Final = 60.0


class Keys(msgspec.Struct, frozen=True):
    """What a broker found. `expires` is in seconds since the epoch, None for keys that don't say."""

    access_key: str
    secret_key: str
    token: str
    expires: float | None

    def __repr__(self) -> str:
        return f"Keys({self.access_key!r}, ...)"


class NoKeys(Exception):
    """There are none now; the message says why, and what to do."""


class _Fault(msgspec.Struct):
    fault: str
    hint: str


class Brokers:
    """Keys by source. `resolve` finds them, `monotonic` tells the seconds that pass meanwhile."""

    def __init__(
        self,
        resolve: Callable[[CredentialSource], Coroutine[Any, Any, Keys]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolve = resolve or _resolve
        self._monotonic = monotonic
        self._known: dict[str, tuple[CredentialSource, float, Keys]] = {}
        self._faults: dict[str, tuple[CredentialSource, float, str]] = {}  # until when each counts
        self._asking: dict[str, tuple[CredentialSource, asyncio.Task[Keys]]] = {}

    async def keys(self, name: str, source: CredentialSource) -> Keys:
        """What `source` gives now; `name` is whose it is, and forgets what it had from another. Raises NoKeys."""
        known = self._known.get(name)
        if known is not None and known[0] == source and _is_fresh(known[2], self._monotonic() - known[1]):
            return known[2]
        fault = self._faults.get(name)
        if fault is not None and fault[0] == source and self._monotonic() < fault[1]:
            raise NoKeys(fault[2])
        began = self._monotonic()
        try:
            found = await self._ask(name, source)
        except NoKeys as error:
            if known is not None and known[0] == source and (known[2].expires or 0.0) > time.time():
                return known[2]
            now = self._monotonic()
            # An SDK that gave up waiting meanwhile asks again, and is told what came of it rather than to wait anew.
            self._faults[name] = (source, now + max(FAULT_SECONDS, now - began), str(error))
            raise
        self._known[name] = (source, self._monotonic(), found)
        return found

    def forget(self, name: str) -> None:
        for kept in (self._known, self._faults):
            kept.pop(name, None)

    async def close(self) -> None:
        """End what is asked."""
        tasks = [task for _, task in self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, name: str, source: CredentialSource) -> Keys:
        asking = self._asking.get(name)
        if asking is None or asking[0] != source:
            asking = self._asking[name] = (source, asyncio.create_task(self._resolve(source)))
        try:
            return await asyncio.shield(asking[1])
        finally:
            if asking[1].done() and self._asking.get(name) is asking:
                del self._asking[name]


async def _resolve(source: CredentialSource) -> Keys:
    """Let a broker find them. Raises NoKeys."""
    command = [sys.executable, "-P", "-m", BROKER, *([source.profile] if source.profile else [])]
    folder = source.folder if os.path.isdir(source.folder) else "/"
    broker = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=source.environment,
        cwd=folder,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            said, _ = await broker.communicate()
    except TimeoutError:
        raise NoKeys(f"the search for AWS credentials took longer than {ANSWER_SECONDS:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(broker.pid, signal.SIGKILL)  # a credential process may have stayed behind
    return _answer(said)


def _answer(said: bytes) -> Keys:
    try:
        answer = msgspec.json.decode(said)
        if "fault" in answer:
            told = msgspec.convert(answer, _Fault)
            raise NoKeys(f"{told.fault.rstrip('.')}; next: {told.hint}")
        return msgspec.convert(answer, Keys)
    except (msgspec.MsgspecError, TypeError):
        raise NoKeys("the search for AWS credentials failed; see `agentcore local logs`") from None


def _is_fresh(keys: Keys, age: float) -> bool:
    """Whether they need not be asked for: they have long to go, or were asked for just now, `age` seconds ago."""
    if keys.expires is not None and keys.expires - time.time() <= LAST_SECONDS:
        return False
    if keys.expires is not None and keys.expires - time.time() > AHEAD_SECONDS:
        return True
    return age < KEEP_SECONDS
