"""`agentcore dev --debug`: sessions wait for an editor, and are not ended while somebody looks at a line."""

from __future__ import annotations

import contextlib

import pytest

from tests.addresses import free_port
from tests.functional.dev.debugger import Editor
from tests.functional.dev.stage import SECONDS, SOURCE, Dev, Project
from tests.local_runtime import eventually

LINE = SOURCE.splitlines().index('        self.answer(f"{MARK}.{calls}")') + 1


def connected(port: int) -> Editor:
    found: list[Editor] = []

    def connects() -> bool:
        with contextlib.suppress(OSError):
            found.append(Editor(port))
        return bool(found)

    eventually(connects, "a session waits for an editor", SECONDS)
    return found[0]


def attached(port: int) -> Editor:
    """To a session that waits; the one before it may still take a connection, and end then."""
    found: list[Editor] = []

    def attaches() -> bool:
        editor = connected(port)
        try:
            editor.attach(agent=LINE)
        except OSError:
            editor.close()
        else:
            found.append(editor)
        return bool(found)

    eventually(attaches, "a session waits for an editor", SECONDS)
    return found[0]


def test_a_session_waits_for_an_editor_and_stops_where_it_says(project: Project) -> None:
    port = free_port()
    dev = Dev(project, "--debug", str(port))
    try:
        dev.type("hello")
        editor = connected(port)
        project.command.run("local", "clock", "advance", "10m")  # it waits for longer than any start may take
        editor.attach(agent=LINE)
        assert editor.value_at_stop("said['prompt']") == "'hello'"
        assert dev.wait("data")["data"] == "0.1"
        project.save("1")
        assert dev.wait("reload")["fault"] is None
        dev.type("again")
        editor.until_hung_up()  # one waits at a port: the session before has ended
        editor.close()
        editor = attached(port)
        assert editor.value_at_stop("MARK") == "'1'"
        assert dev.wait("data")["data"] == "1.1"
        editor.close()
        assert dev.end() == 0
    finally:
        dev.close()
    project.gone()


@pytest.mark.parametrize("port", ["80", "none"])
def test_a_port_that_is_none_is_refused(project: Project, port: str) -> None:
    assert "--debug" in project.command.run("dev", "--debug", port, code=2).stderr
