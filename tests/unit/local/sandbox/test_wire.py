"""The server's end of a conversation with a worker: what is heard, what is taken over, and the other end's end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import pytest
import uvloop

from agentcore_cli.local.sandbox.wire import MESSAGE_MAX, Message, Wire

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


async def test_a_descriptor_that_came_is_not_inherited() -> None:
    heard: asyncio.Queue[Message] = asyncio.Queue()
    ours, theirs = socket.socketpair()
    wire = Wire(ours, heard.put_nowait, lambda: None, descriptors_max=1)
    with theirs, open(os.devnull) as nothing:
        socket.send_fds(theirs, [b'{"forked": 1}\n'], [nothing.fileno()])
        assert await asyncio.wait_for(heard.get(), 60) == {"forked": 1}
        (descriptor,) = wire.take_descriptors()
        assert os.get_inheritable(descriptor) is False
        os.close(descriptor)
        wire.close()


async def conversation(said: bytes, unread: bytes) -> tuple[list[Message], bool]:
    """What is heard of a worker that says this, reads nothing of what was said to it, and ends; and is it nonsense?"""
    heard: list[Message] = []
    ended = asyncio.Event()
    ours, theirs = socket.socketpair()
    wire = Wire(ours, heard.append, ended.set, descriptors_max=1)
    with theirs:
        if unread:
            ours.sendall(unread)
        theirs.sendall(said)  # before the loop looks there, so that all of it and the end come at once
    await asyncio.wait_for(ended.wait(), 60)
    return heard, wire.is_nonsense


@LOOPS
@pytest.mark.parametrize("unread", [b"", b'{"stop": 0}\n'])
@pytest.mark.parametrize("last_words", [0, 1, 3000])
def test_the_end_is_heard_after_the_last_words(
    last_words: int, unread: bytes, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """What the worker left unread resets the connection: its last words are heard all the same, and its end is."""
    with asyncio.Runner(loop_factory=loop) as runner:
        heard, is_nonsense = runner.run(conversation(b'{"exited": "a word to end with"}\n' * last_words, unread))
    assert heard == [{"exited": "a word to end with"}] * last_words
    assert not is_nonsense


@LOOPS
def test_who_never_ends_a_message_is_not_heard_any_more(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def endless_message() -> tuple[bool, bool]:
        ended = asyncio.Event()
        ours, theirs = socket.socketpair()
        wire = Wire(ours, lambda _message: None, ended.set, descriptors_max=1)
        with theirs, pytest.raises(BrokenPipeError):
            await asyncio.to_thread(theirs.sendall, b"x" * (3 * MESSAGE_MAX))
        return wire.is_nonsense, ended.is_set()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(endless_message()) == (True, True)
