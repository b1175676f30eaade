"""How a container reaches what listens on this machine's loopback."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.containers.relays import Relays

GATEWAY = "127.0.0.2"  # another address of this machine, as the network's gateway is


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        pytest.param("AWS_ENDPOINT_URL", "http://127.0.0.1:1/a?b", "http://host.docker.internal:1/a?b", id="all"),
        pytest.param("AWS_ENDPOINT_URL_S3", "http://localhost:1", "http://host.docker.internal:1", id="one"),
        pytest.param("AWS_ENDPOINT_URL_S3", "https://s3.example.com", None, id="elsewhere"),
        pytest.param("AWS_ENDPOINT_URL_S3", "http://localhost", None, id="no-port"),
        pytest.param("AWS_ENDPOINT_URL_S3", "http://localhost:x", None, id="no-number"),
        pytest.param("CALLBACK", "http://127.0.0.1:1", None, id="another-variable"),
    ],
)
async def test_which_variables_are_changed(name: str, value: str, changed: str | None) -> None:
    assert await Relays(None).reach({name: value}) == {name: changed or value}


async def test_the_relay_passes_bytes_both_ways_until_it_is_closed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        writer.close()

    service = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = service.sockets[0].getsockname()[1]
    relays = Relays(GATEWAY)
    for _ in range(2):
        await relays.reach({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
    reader, writer = await asyncio.open_connection(GATEWAY, port)
    writer.write(b"hello" * 100_000)
    writer.write_eof()
    assert await reader.read() == b"HELLO" * 100_000
    writer.close()
    relays.close()
    service.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(GATEWAY, port)


async def test_a_service_at_every_address_needs_no_relay() -> None:
    service = await asyncio.start_server(lambda reader, writer: writer.close(), "0.0.0.0", 0)
    port = service.sockets[0].getsockname()[1]
    relays = Relays(GATEWAY)
    await relays.reach({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
    relays.close()
    service.close()


async def test_a_gateway_that_is_not_on_this_machine() -> None:
    relays = Relays("192.0.2.1")
    reached = await relays.reach({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert reached == {"AWS_ENDPOINT_URL": "http://host.docker.internal:1"}
    assert relays.host == "host.docker.internal:192.0.2.1"
    assert Relays(None).host == "host.docker.internal:host-gateway"
