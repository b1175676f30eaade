"""A browser gives up what it loads when the machine's network changes: Chromium's ERR_NETWORK_CHANGED."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Route

from tests.browser import OpenedPage
from tests.local_runtime import RunningServer
from tests.long_cases import always

OFTEN = ("js/open.js", "login", "js/views/agents.js", "api/_local/page")
OF_THE_PAGE = (*OFTEN, "page.css", "js/api.js", "js/main.js", "js/grid.js", "js/router.js")


@pytest.mark.parametrize("lost", always(*OFTEN, of=OF_THE_PAGE))
def test_what_was_lost_twice_is_loaded_again(browser: Browser, runtime: RunningServer, agent: str, lost: str) -> None:
    asked = 0

    def lose(route: Route) -> None:
        nonlocal asked
        asked += 1
        route.abort() if asked <= 2 else route.fallback()

    page = OpenedPage(browser, runtime.local.invite().url, lambda context: context.route(f"**/_page/{lost}", lose))
    assert asked > 2
    page.close()


def test_what_never_comes_is_given_up(browser: Browser, runtime: RunningServer, agent: str) -> None:
    asked = 0

    def lose(route: Route) -> None:
        nonlocal asked
        asked += 1
        route.abort()

    context: BrowserContext = browser.new_context()
    context.route("**/_page/js/open.js", lose)
    context.add_init_script("setTimeout = (call) => queueMicrotask(call)")
    page = context.new_page()
    page.goto(runtime.local.invite().url)
    page.wait_for_function("sessionStorage.getItem('agentcore-again') === '8'")
    page.wait_for_load_state("networkidle")
    assert asked == 9
    context.close()
