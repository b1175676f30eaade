"""Names for sessions with a network of their own: their questions come to the gateway, and are asked out here.

Whoever answers this machine's own questions may sit on its loopback (systemd-resolved, dnsmasq), be behind a VPN, or
change while a session lives; so /etc/resolv.conf is looked at for each question.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agentcore_cli.local.http.relaying import relay_to

RESOLV_CONF: Final = Path("/etc/resolv.conf")
PORT: Final = 53
ANSWER_SECONDS: Final = 5.0  # as long as clients wait before they ask again
QUESTIONS_MAX: Final = 512  # under way at once; more are not heard, and asked again
QUESTIONS_OF_ONE: Final = 64  # the same for one session, over datagrams or connections
_FALLBACK: Final = "127.0.0.1"  # resolv.conf(5): the local machine where none is named


class Resolver:
    """Answers on the sockets of the gateway."""

    def __init__(self, resolv_conf: Path = RESOLV_CONF) -> None:
        self._resolv_conf = resolv_conf
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._questions: set[asyncio.Task[None]] = set()
        self._asking: Counter[str] = Counter()

    async def open(self, datagrams: socket.socket, streams: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        datagrams.setblocking(False)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Questions(self._hear), sock=datagrams)
        self._server = await asyncio.start_server(self._converse, sock=streams)

    def close(self) -> None:
        for question in self._questions:
            question.cancel()
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()

    def settings(self, address: str) -> str:
        """A session's resolv.conf: this machine's, with the gateway's `address` in the place of its servers."""
        kept = [line for line in self._lines() if not line.startswith("nameserver")]
        return "\n".join([*kept, f"nameserver {address}", ""])

    def servers(self) -> list[str]:
        """Who answers this machine's questions, at this moment."""
        named = [line.split() for line in self._lines() if line.startswith("nameserver")]
        return [words[1] for words in named if len(words) > 1] or [_FALLBACK]

    def _lines(self) -> list[str]:
        try:
            return self._resolv_conf.read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _hear(self, question: bytes, asker: tuple[str, int]) -> None:
        if len(self._questions) < QUESTIONS_MAX and self._asking[asker[0]] < QUESTIONS_OF_ONE:
            task = asyncio.get_running_loop().create_task(self._ask(question, asker))
            self._questions.add(task)
            task.add_done_callback(self._questions.discard)

    async def _ask(self, question: bytes, asker: tuple[str, int]) -> None:
        """Ask one server after the other; who asked hears the first answer, or nothing."""
        with self._counted(asker[0]):
            for server in self.servers():
                answer = await _answer(question, server)
                if answer is not None and self._transport is not None:
                    self._transport.sendto(answer, asker)
                    return

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asker = str(writer.get_extra_info("peername")[0])
        if self._asking[asker] >= QUESTIONS_OF_ONE or sum(self._asking.values()) >= QUESTIONS_MAX:
            writer.close()
            return
        with self._counted(asker):
            await relay_to(self.servers()[0], PORT)(reader, writer)

    @contextlib.contextmanager
    def _counted(self, asker: str) -> Iterator[None]:
        self._asking[asker] += 1
        try:
            yield
        finally:
            self._asking[asker] -= 1
            if not self._asking[asker]:
                del self._asking[asker]


class _Questions(asyncio.DatagramProtocol):
    def __init__(self, hear: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._hear(data, addr)


async def _answer(question: bytes, server: str) -> bytes | None:
    """One server's answer; its port is a new one for each question, so nobody else can guess where to send another."""
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    with contextlib.suppress(OSError, TimeoutError):
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Answer(answer, question[:2]), remote_addr=(server, PORT)
        )
        with contextlib.closing(transport):
            transport.sendto(question)
            return await asyncio.wait_for(answer, ANSWER_SECONDS)
    return None


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, answer: asyncio.Future[bytes], number: bytes) -> None:
        self._answer = answer
        self._number = number

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        if data[:2] == self._number and not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)
