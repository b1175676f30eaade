"""InvokeAgentRuntimeCommand: a shell command in a session, its output as an event stream while it is being written.

Sources: botocore's model of the operation and its events, runtime-execute-command, bedrock-agentcore-limits. What they
leave open is decided like this: a session that is not there is started, as by an invocation ("bootstrapping the
environment before the agent starts"); a command that takes too long is killed with its process group, and so is one
whose caller has gone; the status of a shell that a signal ended is 128 and the signal's number.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import msgspec

from agentcore_cli.contract import COMMAND_OUTPUT_MAX
from agentcore_cli.formats.event_stream import CONTENT_TYPE, encode
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.headers import HeaderList
from agentcore_cli.local.http.proxy import Receive, Send
from agentcore_cli.local.programs.sandboxes import AnyCommand
from agentcore_cli.local.sandbox import STREAMS, Exit, SandboxError

_CHUNK: Final = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
_SIGNALLED: Final = 128  # as shells report it
_KILLED: Final = Exit(None, 9)


class CommandFailed(Exception):
    """The command came to no end of its own; `kind` is the member of the event stream's union that says so."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class CommandRun:
    """One command under way: see `session.Activity`.

    `timeout` is in seconds of the server's clock; `hurry` sees to a caller that takes nothing of what is left.
    """

    begun = True

    def __init__(self, command: AnyCommand, timeout: float, clock: Clock, hurry: Callable[[], None]) -> None:
        self.overdue = False
        self._command = command
        self._timeout = timeout
        self._clock = clock
        self._hurry = hurry
        self._timed_out = False
        self._cut = asyncio.Event()

    def cut(self) -> None:
        self._cut.set()

    async def relay(self, headers: HeaderList, receive: Receive, send: Send) -> None:
        """Send the whole answer. `headers` are the caller's, without the content type."""
        watching = asyncio.create_task(self._watch(receive))
        try:
            with_type = [*headers, (b"content-type", CONTENT_TYPE.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": with_type})
            async for message in self._messages():
                await send({"type": "http.response.body", "body": message, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watching.cancel()

    async def _messages(self) -> AsyncIterator[bytes]:
        try:
            async for content in self._contents():
                yield encode(_CHUNK, msgspec.json.encode(content))
        except CommandFailed as failure:
            yield _exception(failure)

    async def _contents(self) -> AsyncIterator[dict[str, Any]]:
        """The events' contents. Raises CommandFailed."""
        yield {"contentStart": {}}
        decoders = {stream: codecs.getincrementaldecoder("utf-8")("replace") for stream in STREAMS}
        size = 0
        async with contextlib.aclosing(self._command.output()) as output:
            async for stream, data in output:
                size += len(data)
                if size > COMMAND_OUTPUT_MAX:
                    await self._command.kill()
                    message = f"The command's output is larger than {COMMAND_OUTPUT_MAX} bytes"
                    raise CommandFailed("serviceQuotaExceededException", message)
                if text := decoders[stream].decode(data):
                    yield {"contentDelta": {stream: text}}
        for stream in STREAMS:
            if text := decoders[stream].decode(b"", final=True):
                yield {"contentDelta": {stream: text}}
        yield {"contentStop": self._stop()}

    def _stop(self) -> dict[str, Any]:
        """How it ended. Raises CommandFailed when the session ended first, or the shell could not be started."""
        try:
            end = self._command.ended.result()
        except SandboxError as error:
            raise CommandFailed("internalServerException", error.message) from error
        if end is None or (end == _KILLED and self._cut.is_set()):
            raise CommandFailed("runtimeClientError", "The session ended before the command did")
        timed_out = self._timed_out and end == _KILLED
        code = _SIGNALLED + (end.signal or 0) if end.code is None else end.code
        return {"exitCode": code, "status": "TIMED_OUT" if timed_out else "COMPLETED"}

    async def _watch(self, receive: Receive) -> None:
        """Kill the command when its time is over, when its caller has gone, or when it is cut."""
        timer = asyncio.ensure_future(self._clock.sleep(self._timeout))
        reasons = {timer, asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self._cut.wait())}
        try:
            await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
            self._timed_out = timer.done()
            self._hurry()
            await self._command.kill()
        finally:
            for reason in reasons:
                reason.cancel()


async def _gone(receive: Receive) -> None:
    """Return when the caller has hung up; its request is whole."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _exception(failure: CommandFailed) -> bytes:
    headers = {":message-type": "exception", ":exception-type": failure.kind, ":content-type": "application/json"}
    return encode(headers, msgspec.json.encode({"message": str(failure)}))
