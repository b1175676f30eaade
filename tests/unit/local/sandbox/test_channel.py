"""The worker's end of a conversation."""

from __future__ import annotations

import os
import socket

from agentcore_cli.local.sandbox.worker.channel import Channel


def test_messages_come_whole_and_in_order() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        channel = Channel(theirs)
        ours.sendall(b'{"a": 1}\n{"b"')
        assert channel.read() == [{"a": 1}]
        ours.sendall(b": 2}\n")
        assert channel.receive() == {"b": 2}
        channel.close()


def test_descriptors_travel_with_a_message() -> None:
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    with ours:
        channel = Channel(theirs)
        socket.send_fds(ours, [b"{}\n"], [write])
        os.close(write)
        assert channel.receive() == {}
        (received,) = channel.take_descriptors()
        assert channel.take_descriptors() == []
        os.write(received, b"x")
        assert os.read(read, 1) == b"x"
        channel.close()
    os.close(received)
    os.close(read)


def test_the_end_of_the_other_side_is_an_end_and_no_error() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(theirs)
    ours.close()
    channel.send({"a": 1})
    assert channel.read() is None
    assert channel.receive() is None
    channel.close()
