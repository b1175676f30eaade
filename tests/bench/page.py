"""The page: how soon something of it is seen, and how large all of its files are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from agentcore_cli.files import templates
from agentcore_cli.local.home import Home
from tests.bench.effort import Effort
from tests.bench.figure import Figure, Missing, milliseconds
from tests.bench.stage import Stage
from tests.browser import OpenedPage, running_browser
from tests.local_runtime import RunningServer

AGENT = Path(__file__).parents[1] / "agents" / "shown_on_page.py"
PAINTED = """
() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime)).observe({ type: "paint", buffered: true });
})
"""


def measure(_stage: Stage, effort: Effort) -> Iterator[Figure]:
    """In a server of their own; each time in a new browser context, that has nothing of it yet."""
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        server = RunningServer(Home(Path(folder, "home")).create())
        try:
            server.deploy(AGENT)
            with running_browser() as browser:
                times = [_first_paint(browser, server) for _ in range(effort.rounds)]
        except FileNotFoundError as missing:
            raise Missing(str(missing)) from None
        finally:
            server.close()
    first = median(times) / 1000
    yield Figure(
        "page: first paint, p50", milliseconds(first), f"worst {max(times):.1f} ms", first * 1000, "ms", "at most", 200
    )
    files = [path for path in (templates() / "page").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1000
    yield Figure("page: all its files", f"{size:.1f} kB", f"{len(files)} files", size, "kB", "at most", 150)


def _first_paint(browser: Browser, server: RunningServer) -> float:
    """Milliseconds from the navigation on; the page is the second that its context has seen, after the way in."""
    opened = OpenedPage(browser, server.local.invite().url)
    try:
        return float(opened.page.evaluate(PAINTED))
    finally:
        opened.context.close()
