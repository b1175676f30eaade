"""What is open to the page, held to all that the planes serve."""

from __future__ import annotations

from agentcore_cli.local.control import operations as of_control
from agentcore_cli.local.memory import operations as of_memory
from agentcore_cli.local.page.allowed import is_allowed


def opened(operations: tuple[of_control.ServedOperation, ...]) -> set[str]:
    return {it.name for it in operations if is_allowed(it.method, ["x" if "{" in part else part for part in it.path])}


def test_of_the_control_plane_it_reads() -> None:
    names = opened(of_control.OPERATIONS)
    assert {"ListAgentRuntimes", "GetAgentRuntime", "ListAgentRuntimeVersions", "ListAgentRuntimeEndpoints"} <= names
    assert all(name.startswith(("Get", "List")) for name in names)


def test_of_memories_it_reads() -> None:
    names = opened(of_memory.OPERATIONS)
    assert {"ListMemories", "ListActors", "ListSessions", "ListEvents", "RetrieveMemoryRecords"} <= names
    assert all(name.startswith(("Get", "List", "Retrieve")) for name in names)


def test_what_its_buttons_do() -> None:
    for name in ("invocations", "stopruntimesession", "commands"):
        assert is_allowed("POST", ["runtimes", "arn", name])
        assert not is_allowed("GET", ["runtimes", "arn", name])
    assert is_allowed("POST", ["_local", "clock"])
    assert not is_allowed("POST", ["_local", "shutdown"])


def test_a_shape_has_its_length() -> None:
    assert not is_allowed("POST", ["runtimes", "a", "b", "invocations"])
    assert not is_allowed("POST", [])
    assert not is_allowed("POST", [""])
