"""The pictures of the page in `docs/`: `make screenshots`. A test takes them as well, and looks at their sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from agentcore_cli import names
from tests.browser import OpenedPage, running_browser, running_server
from tests.local_runtime import RunningServer

AGENT = Path(__file__).parent / "agents" / "shown_on_page.py"
FOLDER = Path(__file__).parents[1] / "docs"
SIZE = {"width": 960, "height": 360}
QUESTION = "Where is my order 1042?"
ANSWER = "It left Leipzig this morning, and is with you tomorrow."


def take(browser: Browser, server: RunningServer, folder: Path) -> list[Path]:
    """Sessions, and a trace, of agents that were made for it."""
    support = server.deploy(AGENT, name="support_bot", description="Answers customers")
    server.deploy(AGENT, name="billing_bot")
    for name, turns in (("newsletter", 1), ("bob", 3), ("alice", 5)):
        for turn in range(turns):
            call(server, support, name, prompt=f"Question {turn}", **busy(name))
    call(server, support, "order-1042", prompt=QUESTION, spans=spans())
    opened = OpenedPage(browser, server.local.invite().url, viewport=SIZE)
    try:
        page = opened.page
        opened.view("#/sessions")
        expect(page.get_by_role("grid").get_by_role("row")).to_have_count(5)
        expect(page.get_by_text("HealthyBusy")).to_be_visible()
        sessions = folder / "page-sessions.png"
        page.screenshot(path=sessions)
        opened.view("#/traces")
        page.get_by_role("row").filter(has_text="claude").first.get_by_role("link").click()
        page.get_by_role("row", name="chat").last.click()
        expect(page.get_by_role("region", name="Span")).to_contain_text(ANSWER)
        trace = folder / "page-trace.png"
        page.screenshot(path=trace)
        return [sessions, trace]
    finally:
        opened.close()


def busy(name: str) -> dict[str, Any]:
    return {"ping": {"status": "HealthyBusy"}} if name == "newsletter" else {}


def call(server: RunningServer, arn: str, name: str, **payload: Any) -> None:
    session_id = names.session_id(name, arn, "DEFAULT")
    answer = server.invoke(arn, json.dumps(payload).encode(), session_id=session_id)
    assert answer.status == 200, answer.body


def spans() -> list[dict[str, Any]]:
    """What an agent exports that asks a model, calls a tool, and asks again."""
    model = {"operation.name": "chat", "request.model": "claude-sonnet-4-5"}
    tool = {"operation.name": "execute_tool", "tool.name": "find_order"}
    tool |= {"tool.call.arguments": '{"order": 1042}', "tool.call.result": '{"state": "shipped"}'}
    said = {"input.messages": message("user", QUESTION), "output.messages": message("assistant", ANSWER)}
    return [
        made(1, "invoke_agent support", 0, 1480, {"operation.name": "invoke_agent"}),
        made(2, "chat", 12, 610, model | {"usage.input_tokens": 412, "usage.output_tokens": 38}),
        made(3, "execute_tool find_order", 630, 170, tool),
        made(4, "chat", 815, 655, model | said | {"usage.input_tokens": 497, "usage.output_tokens": 121}),
    ]


def made(number: int, name: str, after: float, took: float, told: dict[str, Any]) -> dict[str, Any]:
    values = [
        {"key": f"gen_ai.{key}", "value": {"intValue": it} if isinstance(it, int) else {"stringValue": it}}
        for key, it in told.items()
    ]
    parent = {} if number == 1 else {"parentSpanId": f"{1:016x}"}
    return {"spanId": f"{number:016x}", "name": name, "after": after, "took": took, "attributes": values} | parent


def message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


if __name__ == "__main__":
    with running_browser() as browser, running_server() as server:
        print(*take(browser, server, FOLDER), sep="\n")
