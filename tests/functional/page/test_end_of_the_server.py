"""The page outlives its server: it says that nobody answers, and goes on when somebody does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.browser import OpenedPage
from tests.functional.page.conftest import AGENT
from tests.local_runtime import RunningServer

pytestmark = pytest.mark.long


def test_it_says_that_nobody_answers_and_what_to_do(browser: Browser, server: RunningServer, home: Home) -> None:
    server.deploy(AGENT, name="last_bot")
    opened = OpenedPage(browser, server.local.invite().url)
    banner = opened.page.locator("#banner")
    expect(opened.page.get_by_role("link", name="last_bot")).to_be_visible()
    expect(banner).to_be_hidden()
    daemon.stop(home)
    expect(banner).to_contain_text("The server does not answer")
    expect(opened.page.get_by_role("link", name="last_bot")).to_be_visible()  # what was seen last
    opened.close()


def test_before_any_agent_is_deployed(browser: Browser, server: RunningServer) -> None:
    opened = OpenedPage(browser, server.local.invite().url)
    for view in ("#/agents", "#/chat", "#/compare"):
        opened.view(view)
        expect(opened.page.get_by_text("No agent is deployed.")).to_be_visible()
        expect(opened.page.locator("main code").first).to_have_text("agentcore deploy --local")
    opened.view("#/memory")
    expect(opened.page.get_by_text("There is no memory.")).to_be_visible()
    opened.view("#/traces")
    expect(opened.page.get_by_text("No trace yet.")).to_be_visible()
    opened.close()


def test_the_documents_name_no_file_that_is_not_there(browser: Browser, server: RunningServer) -> None:
    """Nothing is asked of anybody else, and nothing that is asked for is missing."""
    asked: list[tuple[str, int]] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("response", lambda response: asked.append((response.url, response.status)))
    page.goto(server.local.invite().url)
    page.locator("main .view").wait_for()
    own = f"{server.info.url}/_page/"
    assert [each for each in asked if not each[0].startswith(own) or each[1] >= 400] == []
    assert len({Path(url).name for url, _ in asked if url.endswith(".js")}) > 5
    context.close()
