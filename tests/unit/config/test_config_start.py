"""One entrypoint, one way to start it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.contract import Protocol
from agentcore_cli.errors import EntrypointError


def test_a_file_runs_as_it_is() -> None:
    start = Start.of("src/handler.py", "MCP", Path("/nowhere"))
    assert start == Start(("src/handler.py",), ("src/handler.py",), Path("src/handler.py"))


@pytest.mark.parametrize(("protocol", "port"), [("HTTP", "8080"), ("MCP", "8000"), ("A2A", "9000"), ("AGUI", "8080")])
def test_an_application_is_served_on_its_protocol_s_port(protocol: Protocol, port: str) -> None:
    start = Start.of("bots.support:app", protocol, Path("/nowhere"))
    assert start.argv == ("-m", "uvicorn", "bots.support:app", "--host", "0.0.0.0", "--port", port)
    assert start.entry_point == ("-m", f"uvicorn bots.support:app --host 0.0.0.0 --port {port}")
    assert (start.file, start.attribute) == (Path("bots/support.py"), "app")


@pytest.mark.parametrize(
    ("entrypoint", "hint"),
    [
        ("handler", "write handler.py or handler:app"),
        ("handler.js", "write handler.py or handler:app"),
        ("handler.py:app", "write handler:app"),
        ("src/handler.py:app", "write src.handler:app"),
        ("handler:", "write handler:app"),
        (":app", "write handler:app"),
        ("a:b:c", "write a:app"),
        ("1a:app", "write handler:app"),
        ("/srv/handler.py", "give a path relative to the folder of the config"),
        ("../handler.py", "give a path relative to the folder of the config"),
    ],
)
def test_a_malformed_entrypoint(entrypoint: str, hint: str) -> None:
    with pytest.raises(EntrypointError) as caught:
        Start.of(entrypoint, "HTTP", Path("/nowhere"))
    assert entrypoint in caught.value.message
    assert caught.value.hint == hint
