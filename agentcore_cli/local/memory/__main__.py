"""`python -m agentcore_cli.local.memory DATABASE SOCKET`: the process that keeps the memories, until SOCKET ends."""

from __future__ import annotations

import logging
import select
import signal
import socket
import sys
from pathlib import Path

import msgspec

from agentcore_cli.local.memory.frames import Asked, Frames, frame
from agentcore_cli.local.memory.worker import Worker
from agentcore_cli.local.store import Store

PIECE = 1_048_576  # bytes


def main() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends when there is nobody to answer, with its work done
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    with socket.socket(fileno=int(sys.argv[2])) as line:
        store = Store(Path(sys.argv[1]))
        serve(line, Worker(store))
        store.close()
    return 0


def serve(line: socket.socket, worker: Worker) -> None:
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
        asked = [msgspec.msgpack.decode(message, type=Asked) for _, message in batch]
        answers = worker.answer(asked)
        line.sendall(b"".join(frame(number, answer) for (number, _), answer in zip(batch, answers, strict=True)))


def _has_more(line: socket.socket) -> bool:
    readable, _, _ = select.select([line], [], [], 0)
    return bool(readable)


if __name__ == "__main__":
    sys.exit(main())
