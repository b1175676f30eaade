"""Debian's Chromium, driven by Playwright, and the page of a local runtime in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

from agentcore_cli.local.home import Home
from tests.conftest import leave
from tests.local_runtime import RunningServer

PATIENCE = 60_000  # milliseconds for whatever is waited for
HOW = "chromium is missing: apt-get install chromium"
_WATCH = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser without a window. Raises FileNotFoundError, which says how to get one, where there is none."""
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError(HOW)
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def running_server() -> Iterator[RunningServer]:
    """A local runtime in a home of its own, of which nothing is left in the end."""
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    server = RunningServer(Home(folder).create())
    try:
        yield server
    finally:
        server.close()
        leave(folder)


class OpenedPage:
    """The page as somebody sees it whom `agentcore open` let in by an `address`; `faults` must never happen in it.

    `prepare` gets the browser's context before anything is asked for; `options` are those of the context.
    """

    def __init__(
        self,
        browser: Browser,
        address: str,
        prepare: Callable[[BrowserContext], None] = lambda context: None,
        **options: Any,
    ) -> None:
        options = {"viewport": {"width": 1280, "height": 800}} | options
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(_WATCH)
        prepare(self.context)
        self.faults: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"{error.name}: {error.message}"))
        self.page.on("console", self._heard)
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self._go(address)
        self.page.locator("main .view").wait_for()

    def _go(self, address: str) -> None:
        """A person's Chromium goes there again by itself when the network changes meanwhile, a driven one does not."""
        try:
            self.page.goto(address)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in error.message:
                raise
            self._go(address)

    def view(self, address: str) -> Page:
        """Go to a view by its address behind "#"."""
        self.page.evaluate("address => { location.hash = address }", address)
        return self.page

    def close(self) -> None:
        """Close it, and fail the test for what must never happen."""
        hit, violations = self.page.evaluate("[window.__hit, window.__violations]")
        self.context.close()
        assert self.faults == []
        assert violations == []
        assert hit is None, f"what somebody else wrote was run: {hit}"

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.faults.append(message.text)
