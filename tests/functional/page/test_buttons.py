"""What is done by a button: stop, exec, the clock, a fault, clear, and two sessions side by side."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenedPage
from tests.functional.page.conftest import AGENT, Sends
from tests.local_runtime import RunningServer, new_session

pytestmark = pytest.mark.long


def test_stop(opened: OpenedPage, page: Page, runtime: RunningServer, agent: str, send: Sends, address: str) -> None:
    send(prompt="a")
    opened.view(address)
    page.get_by_role("button", name="Stop…").click()
    dialog = page.get_by_role("dialog", name="Stop this session")
    dialog.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-fact=ended]")).to_contain_text("stop")
    expect(page.locator("main header .badge")).to_have_text("stopped")
    assert send(prompt="again") == {"response": "Message 1 of 1: again"}


def test_exec_with_its_output(opened: OpenedPage, page: Page, send: Sends, address: str) -> None:
    send(prompt="a")
    opened.view(f"{address}?tab=exec")
    command = page.get_by_label("Command")
    command.fill("echo out; echo wrong >&2; exit 3")
    command.press("Enter")
    output = page.get_by_role("log", name="Output")
    expect(output).to_contain_text("exit code 3")
    expect(output).to_contain_text("out")
    expect(output.locator(".bad")).to_have_text("wrong\n")
    command.fill("read line; echo never")
    command.fill("echo begun; sleep 1000")
    command.press("Enter")
    expect(output).to_contain_text("begun")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(output).to_contain_text("stopped")


@pytest.fixture(scope="module")
def _other(runtime: RunningServer, agent: str) -> str:
    return runtime.deploy(AGENT, name="other_bot")


@pytest.fixture
def own(runtime: RunningServer, _other: str) -> Iterator[str]:
    """An agent without living sessions, whose sessions a test ends."""
    yield _other
    for each in runtime.living(_other):
        runtime.data.stop_runtime_session(agentRuntimeArn=_other, runtimeSessionId=each.session_id, qualifier="DEFAULT")


def test_clear_stops_what_is_listed(
    opened: OpenedPage, page: Page, runtime: RunningServer, own: str, send: Sends
) -> None:
    send(prompt="of another agent")
    sessions = [new_session() for _ in range(3)]
    for each in sessions:
        runtime.invoke(own, b"{}", session_id=each)
    opened.view(f"#/sessions?agent={quote(own, safe='')}")
    expect(page.get_by_text("3 sessions alive", exact=True)).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    dialog = page.get_by_role("dialog", name="Clear the sessions")
    expect(dialog).to_contain_text("3 living sessions")
    dialog.get_by_role("button", name="Stop them").click()
    expect(page.get_by_text("No session is alive.")).to_be_visible()
    page.get_by_label("Ended").check()
    for each in sessions:
        expect(page.get_by_role("grid", name="Sessions").get_by_role("row").filter(has_text=each)).to_contain_text(
            "stopped"
        )
    assert send(prompt="still there") == {"response": "Message 2 of 1: still there"}


def test_the_clock_is_advanced(opened: OpenedPage, page: Page, runtime: RunningServer, own: str) -> None:
    session = new_session()
    runtime.invoke(own, b"{}", session_id=session)
    opened.view(f"#/sessions/{quote(own, safe='')}/DEFAULT/{session}")
    expect(page.locator("main header .badge")).to_have_text("idle")
    page.get_by_role("button", name="Advance clock").click()
    page.get_by_role("dialog").get_by_label("Minutes").fill("16")
    page.get_by_role("dialog").get_by_role("button", name="Advance").click()
    expect(page.locator("[data-fact=ended]")).to_contain_text("idle")


def test_a_fault_is_armed_and_disarmed(
    opened: OpenedPage, page: Page, runtime: RunningServer, agent: str, chat: str
) -> None:
    opened.view(chat)
    for times in ("3", "0"):
        page.get_by_role("button", name="Arm a fault").click()
        dialog = page.get_by_role("dialog", name="Arm a fault")
        dialog.get_by_label("Fault").select_option("slow-start")
        dialog.get_by_label("Times").fill(times)
        dialog.get_by_role("button", name="Arm").click()
        expect(dialog).to_have_count(0)
        assert runtime.local.health().faults.get("slow-start", 0) == int(times)
        expect(page.locator("#status")).to_contain_text("armed: slow-start ×3" if times == "3" else "isolation")
    expect(page.locator("#status")).not_to_contain_text("armed")


def test_two_versions_side_by_side(opened: OpenedPage, page: Page, runtime: RunningServer, own: str) -> None:
    old = new_session()
    runtime.invoke(own, b'{"answer": "{}"}', session_id=old)
    runtime.update(own, AGENT, environmentVariables={"VERSION": "2"})
    sides = {"a": own, "ae": "DEFAULT", "as": old, "b": own, "be": "DEFAULT"}
    opened.view("#/compare?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in sides.items()))
    one, other = (page.get_by_role("region", name=f"Conversation of {side}") for side in "AB")
    expect(page.get_by_label("Session of A")).to_have_value(f"DEFAULT {old}")
    page.get_by_role("textbox", name="Message").fill("Hello")
    page.keyboard.press("Enter")
    expect(one).to_contain_text("Message 1 of 1: Hello")
    expect(other).to_contain_text("Message 1 of 2: Hello")
    verdict = page.locator(".verdict")
    expect(verdict).to_have_text("The answers differ.")
    page.get_by_role("textbox", name="Message").fill('{"answer": "\\"the same\\""}')
    page.keyboard.press("Enter")
    expect(verdict).to_have_text("The answers are the same.")
    page.get_by_role("textbox", name="Message").fill('{"answer": "x", "status": 500}')
    page.keyboard.press("Enter")
    expect(verdict).to_have_text("No answer to compare: A and B failed.")
