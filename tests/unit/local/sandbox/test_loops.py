"""What a server on uvloop sees of its connections."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.local.sandbox.worker.loops import with_addresses


class UnixSocket:
    family = 1

    def fileno(self) -> int:
        return 7

    def getpeername(self) -> str:
        return ""


class UnixTransport:
    """As uvloop's: it takes no new attributes."""

    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": UnixSocket(), "peername": ""}.get(name, default)


class Protocol:
    transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport


class ClosedProtocol(Protocol):
    """A protocol that takes no new attributes, as aiohttp's."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "connection_made":
            raise AttributeError(name)
        super().__setattr__(name, value)


@pytest.fixture
def connection() -> Any:
    protocol = with_addresses(Protocol(), 8080)
    protocol.connection_made(UnixTransport())
    return protocol.transport


def test_addresses_are_those_of_tcp(connection: Any) -> None:
    assert connection.get_extra_info("peername") == ("127.0.0.1", 49159)
    assert connection.get_extra_info("sockname") == ("127.0.0.1", 8080)
    assert connection.get_extra_info("socket").getpeername() == ("127.0.0.1", 49159)
    assert connection.get_extra_info("socket").family == 1


def test_everything_else_is_the_transport_s(connection: Any) -> None:
    connection.write(b"x")
    assert connection.is_closing() is False
    assert connection.get_extra_info("sslcontext") is None
    with pytest.raises(AttributeError):
        connection.no_such_thing  # noqa: B018


def test_a_protocol_that_takes_no_attributes_sees_the_bare_transport() -> None:
    protocol = with_addresses(ClosedProtocol(), 8080)
    transport = UnixTransport()
    protocol.connection_made(transport)
    assert protocol.transport is transport
