"""By the keyboard alone, by a screen reader, in light and in dark, in a narrow window."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import OpenedPage
from tests.functional.page.conftest import Sends
from tests.local_runtime import RunningServer

pytestmark = pytest.mark.long

VIEWS = ("#/agents", "#/sessions", "#/traces", "#/memory", "#/chat", "#/compare")
FOCUSABLE = ("button", "link", "textbox", "searchbox", "checkbox", "combobox", "spinbutton", "tab", "grid", "treegrid")
_CONTRASTS = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.closest(":disabled, noscript, .skip")) continue;
    const [one, other] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const what = `${element.tagName} ${element.className} "${element.textContent.slice(0, 30)}"`;
    if (ratio < 4.5) found.push(`${what} ${ratio.toFixed(2)}`);
  }
  return found;
}
"""


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until that has the focus."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {role} {name}")


def nameless(page: Page) -> list[str]:
    """What can have the focus and has no name for a screen reader."""
    client = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = client.send("Accessibility.getFullAXTree")["nodes"]
    client.detach()
    known = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if "role" in node]
    return [role for role, name in known if role.lower() in FOCUSABLE and not name.strip()]


def test_by_the_keyboard_alone(opened: OpenedPage, page: Page, send: Sends, session: str) -> None:
    send(prompt="Hello")
    page.reload()
    page.locator("main .view").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip" or page.evaluate("document.activeElement.id")
    tab_to(page, "link", "Sessions")
    page.keyboard.press("Enter")
    grid = page.get_by_role("grid", name="Sessions")
    expect(grid.get_by_role("link", name=session)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(session)
    expect(grid.get_by_role("row")).to_have_count(2)
    tab_to(page, "grid", "Sessions")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Transcript")).to_have_attribute("aria-selected", "true")
    tab_to(page, "tab", "Transcript")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Log")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Log")).to_be_visible()
    tab_to(page, "button", "Stop…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Stop this session")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop…")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("filter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    tab_to(page, "link", "Chat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Turn 1")).to_contain_text("by keys")


def test_a_row_keeps_the_keyboard_while_the_list_changes(
    opened: OpenedPage, page: Page, send: Sends, session: str
) -> None:
    send(prompt="a")
    opened.view("#/sessions")
    grid = page.get_by_role("grid", name="Sessions")
    row = grid.get_by_role("row").filter(has_text=session)
    row.click(position={"x": 300, "y": 10}, trial=True)
    grid.focus()
    grid.press("Home")
    for _ in range(grid.get_by_role("row").count()):
        if row.get_attribute("aria-selected") == "true":
            break
        grid.press("ArrowDown")
    send(session_id="another-session-that-goes-to-the-top", prompt="b")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("another-session")
    expect(row).to_have_attribute("aria-selected", "true")
    assert grid.get_attribute("aria-activedescendant") == row.get_attribute("id")


def test_what_a_screen_reader_hears(opened: OpenedPage, page: Page) -> None:
    expect(page.get_by_role("banner")).to_match_aria_snapshot(
        """
        - banner:
          - navigation "Views":
            - link "Agents"
            - link "Sessions"
            - link "Traces"
            - link "Memory"
            - link "Chat"
            - link "Compare"
          - button "Advance clock…"
          - button "Arm a fault…"
        """
    )
    expect(page.get_by_role("main")).to_match_aria_snapshot(
        """
        - main:
          - heading "Agents" [level=1]
          - grid "Agents":
            - row /Agent Status Version/
            - row /READY/:
              - gridcell:
                - link
        """
    )
    assert page.evaluate("document.querySelector('nav [aria-current=page]').textContent") == "Agents"
    opened.view("#/traces")
    expect(page.get_by_role("heading", level=1)).to_have_text("Traces")
    assert page.title() == "Traces – agentcore"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_and_contrasts_of_all_views(
    browser: Browser, runtime: RunningServer, agent: str, send: Sends, address: str, scheme: Literal["light", "dark"]
) -> None:
    send(prompt="a", log="WARN careful\nERROR it broke")
    opened = OpenedPage(browser, runtime.local.invite().url, color_scheme=scheme)
    try:
        page = opened.page
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 28)")
        for view in (*VIEWS, address, f"{address}?tab=logs", f"{address}?tab=exec"):
            opened.view(view)
            expect(page.locator("main h1")).to_be_visible()
            expect(page.locator("main .loading")).to_have_count(0)
            assert (view, nameless(page)) == (view, [])
            assert (view, page.evaluate(_CONTRASTS)) == (view, [])
        page.get_by_role("button", name="Arm a fault").click()
        assert nameless(page) == []
        assert page.evaluate(_CONTRASTS) == []
    finally:
        opened.close()


@pytest.mark.parametrize("width", [360, 800])
def test_nothing_is_out_of_reach_in_a_narrow_window(
    browser: Browser, runtime: RunningServer, agent: str, send: Sends, address: str, width: int
) -> None:
    send(prompt="a")
    opened = OpenedPage(browser, runtime.local.invite().url, viewport={"width": width, "height": 700})
    try:
        for view in (*VIEWS, address):
            opened.view(view)
            expect(opened.page.locator("main h1")).to_be_visible()
            assert (view, opened.page.evaluate("document.documentElement.scrollWidth")) == (view, width)
    finally:
        opened.close()
