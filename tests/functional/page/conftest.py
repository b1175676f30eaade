"""One browser and one server for the tests of a file, and a page of its own for each.

While Playwright is there its event loop runs in the thread of the tests: no test of another file could run one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PATIENCE, OpenedPage, running_browser, running_server
from tests.local_runtime import RunningServer, new_session

AGENT = Path(__file__).parents[2] / "agents" / "shown_on_page.py"
Sends = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    try:
        with running_browser() as running:
            yield running
    except FileNotFoundError as missing:
        wanted = os.environ.get("AGENTCORE_E2E", "required" if os.environ.get("CI") else "")
        (pytest.fail if wanted == "required" else pytest.skip)(str(missing))


@pytest.fixture(scope="module")
def runtime(browser: Browser) -> Iterator[RunningServer]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="module")
def agent(runtime: RunningServer) -> str:
    """The ARN of an agent that says whatever it is asked to say."""
    return runtime.deploy(AGENT, name="support_bot", description="Answers customers")


@pytest.fixture
def opened(browser: Browser, runtime: RunningServer, agent: str) -> Iterator[OpenedPage]:
    page = OpenedPage(browser, runtime.local.invite().url)
    yield page
    page.close()


@pytest.fixture
def page(opened: OpenedPage) -> Page:
    return opened.page


@pytest.fixture
def session() -> str:
    return new_session()


@pytest.fixture
def send(runtime: RunningServer, agent: str, session: str) -> Sends:
    """Call the agent from elsewhere; gives the answer's JSON."""

    def sent(session_id: str = session, **payload: Any) -> Any:
        answer = runtime.invoke(agent, json.dumps(payload).encode(), session_id=session_id)
        assert answer.status == 200, answer.body
        return answer.json()

    return sent


@pytest.fixture
def address(agent: str, session: str) -> str:
    """Where the session's view is."""
    return f"#/sessions/{quote(agent, safe='')}/DEFAULT/{session}"


@pytest.fixture
def chat(agent: str, session: str) -> str:
    return f"#/chat/{quote(agent, safe='')}/DEFAULT/{session}"
