"""Which services of this machine's loopback variables name."""

from __future__ import annotations

import socket

import pytest

from agentcore_cli.contract import LOCAL_REACHABLE
from agentcore_cli.local.sandbox.reach import Service, listening, services


@pytest.mark.parametrize(
    ("value", "ports"),
    [
        ("http://127.0.0.1:3128", [3128]),
        ("http://localhost:4566/path?query", [4566]),
        ("http://user:word@localhost:3128/", [3128]),
        ("socks5h://127.0.0.1:1080", [1080]),
        ("https://localhost", [443]),
        ("http://127.0.0.1/", [80]),
        ("http://[::1]:5000", [5000]),
        ("127.0.0.1:11434", [11434]),
        ("localhost:11434", [11434]),
        ("postgresql://me@127.0.0.1:5432/base", [5432]),
        ("localhost:1,127.0.0.1:2 localhost:3", [1, 2, 3]),
        ("localhost", []),
        ("http://localhost.example.com:80", []),
        ("http://example.com:127", []),
        ("http://127.0.0.10:80", []),
        ("http://10.127.0.0.1:80", []),
        ("http://127.0.0.1:0", []),
        ("http://127.0.0.1:70000", []),
        ("http://evil.example/?u=http://127.0.0.1:5432", [5432]),
        ("", []),
    ],
)
def test_what_a_value_names(value: str, ports: list[int]) -> None:
    assert [service.port for service in services({"NAME": value}, without=())] == ports


def test_each_port_is_named_once_and_ours_are_left_out() -> None:
    environment = {LOCAL_REACHABLE: "127.0.0.1:5000", "B_URL": "http://localhost:5000", "OWN": "http://localhost:8080"}
    assert services(environment, without={8080}) == [Service(5000, "B_URL")]


async def test_only_ports_at_which_somebody_listens_are_let_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as heard, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        named = [Service(one.getsockname()[1], name) for one, name in ((heard, "HEARD"), (deaf, "DEAF"))]
        assert [service.named_by for service in await listening(named)] == ["HEARD"]
