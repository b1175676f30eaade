"""The loop of a process that keeps a database: `DATABASE SOCKET` are its arguments, and it ends when SOCKET does."""

from __future__ import annotations

import logging
import select
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.frames import Answered, Frames, frame

PIECE = 1_048_576  # bytes
Asked = TypeVar("Asked", bound=msgspec.Struct, contravariant=True)


class StoreWorker(Protocol[Asked]):
    """What answers over a database."""

    def chore(self) -> bool:
        """Do a little of what is left to do; whether there may be more."""

    def answer(self, batch: Sequence[Asked]) -> list[Answered]:
        """The answers to what came in meanwhile, in its order."""


def main(open_worker: Callable[[Path], tuple[Database, StoreWorker[Asked]]], asked: type[Asked]) -> int:
    """Serve what `open_worker` makes of the database; gives the exit code."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends when there is nobody to answer, with its work done
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with socket.socket(fileno=int(sys.argv[2])) as line:
        try:
            store, worker = open_worker(Path(sys.argv[1]))
        except (AgentcoreError, ServiceFault, sqlite3.Error) as error:
            refuse(line, error)
            return 1
        serve(line, worker, asked)
        store.close()
    return 0


def refuse(line: socket.socket, error: AgentcoreError | ServiceFault | sqlite3.Error) -> None:
    """Say to who asks first that the database can't be had, and why; whoever asks then has it tried again."""
    hint = f"; {error.hint}" if isinstance(error, AgentcoreError) and error.hint else ""
    message = getattr(error, "message", None) or f"{sys.argv[1]}: {error}"
    answer = Answered.of(ServiceFault(500, "ServiceException", f"{message}{hint}"))
    answer.last = True
    frames = Frames()
    while data := line.recv(PIECE):
        if asked := list(frames.feed(data)):
            line.sendall(b"".join(frame(number, answer) for number, _ in asked))
            return


def serve(line: socket.socket, worker: StoreWorker[Asked], shape: type[Asked]) -> None:
    """Answer on the socket until its other end closes."""
    frames = Frames()
    while True:
        while not _has_more(line) and worker.chore():
            pass
        data = line.recv(PIECE)
        if not data:
            return
        batch = list(frames.feed(data))
        while _has_more(line):
            more = line.recv(PIECE)
            if not more:
                break
            batch += frames.feed(more)
        if not batch:
            continue  # no message is whole yet
        asked = [msgspec.msgpack.decode(message, type=shape) for _, message in batch]
        answers = worker.answer(asked)
        out = bytearray()
        for (number, _), answer in zip(batch, answers, strict=True):
            out += frame(number, answer)
            if len(out) > PIECE:  # never all pages at once, but small answers in one go
                line.sendall(out)
                out.clear()
        line.sendall(out)


def _has_more(line: socket.socket) -> bool:
    readable, _, _ = select.select([line], [], [], 0)
    return bool(readable)
