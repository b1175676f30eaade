"""A page at another port of this machine, in the browser that the page is open in, tries everything and gets nowhere.

Cookies are shared by all ports of a host: it has ours. It lacks the second secret, and the same origin.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser import OpenedPage
from tests.fakes.foreign_page import foreign_page
from tests.functional.page.conftest import Sends
from tests.local_runtime import RunningServer

pytestmark = pytest.mark.long

READ = "_local/sessions"
SEND_FORM = """
([url, kind]) => {
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: url, enctype: kind, target: "_blank" });
  const input = document.createElement("input");
  Object.assign(input, { name: '{"fault": "throttle", "count": 9, "x": "', value: '"}' });
  form.append(input);
  document.body.append(form);
  form.submit();
}
"""


@pytest.fixture
def foreign(opened: OpenedPage) -> Iterator[Page]:
    with foreign_page() as origin:
        page = opened.context.new_page()
        page.goto(origin)
        yield page
        page.close()


@pytest.fixture
def living(runtime: RunningServer, agent: str, send: Sends, session: str) -> str:
    """A session that has been called once; anybody who gets through calls it again, or ends it."""
    send(prompt="once")
    return session


@pytest.fixture
def target(runtime: RunningServer) -> str:
    return f"{runtime.info.url}/_page/api"


def untouched(runtime: RunningServer, agent: str, session: str) -> None:
    record = next(each for each in runtime.living(agent) if each.session_id == session)
    assert record.invocations == 1
    assert not runtime.local.health().faults.get("throttle")


def fetched(page: Page, url: str, options: dict[str, Any]) -> str:
    """What a script of that page learns: the text of the answer, or how it failed."""
    told = page.evaluate(
        """async ([url, options]) => {
            try {
                const answer = await fetch(url, options);
                return `${answer.type} ${answer.status} ${await answer.text()}`;
            } catch (error) {
                return String(error);
            }
        }""",
        [url, options],
    )
    return str(told)


def test_fetch(foreign: Page, target: str, runtime: RunningServer, agent: str, living: str) -> None:
    stop = f"{target}/runtimes/{quote(agent, safe='')}/stopruntimesession"
    fault = '{"fault": "throttle", "count": 9}'
    session = {"x-amzn-bedrock-agentcore-runtime-session-id": living}
    for method, mode, marker in itertools.product(("GET", "POST"), ("cors", "no-cors"), (None, "open", "guessed")):
        headers = {"x-agentcore-page": marker} if marker else {}
        asked = {"method": method, "mode": mode, "credentials": "include", "headers": headers}
        done = asked | {"method": "POST"}
        learnt = [
            fetched(foreign, f"{target}/{READ}", asked),
            fetched(foreign, stop, done | {"headers": headers | session, "body": "{}"}),
            fetched(foreign, f"{target}/_local/faults", done | {"body": fault}),
        ]
        for told in learnt:
            assert told.startswith(("opaque 0 ", "TypeError")), (asked, told)
            assert living not in told
    untouched(runtime, agent, living)


def test_forms(foreign: Page, opened: OpenedPage, target: str, runtime: RunningServer, agent: str, living: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        with opened.context.expect_page() as waiting:
            foreign.evaluate(SEND_FORM, [f"{target}/_local/faults", kind])
        waiting.value.close()
    untouched(runtime, agent, living)


def test_frames_and_windows(foreign: Page, runtime: RunningServer) -> None:
    """It can't look into one, nor have it look at itself: frames are refused, and an opened page is cut off."""
    seen = foreign.evaluate(
        """async (url) => {
            const told = {};
            const frame = document.createElement("iframe");
            frame.src = url;
            document.body.append(frame);
            await new Promise((resolve) => frame.addEventListener("load", resolve));
            const look = (at) => {
                try { return at.document.body.textContent; } catch (error) { return error.name; }
            };
            told.frame = look(frame.contentWindow);
            told.window = look(window.open(url));
            return told;
        }""",
        f"{runtime.info.url}/_page/",
    )
    assert seen["frame"] == "SecurityError"
    assert seen["window"] in ("SecurityError", "")
    framed = [frame for frame in foreign.frames if frame != foreign.main_frame]
    assert "agentcore" not in "".join(frame.content() for frame in framed if "chrome-error" not in frame.url)


def test_an_opened_window_hears_nothing_of_its_opener(
    foreign: Page, opened: OpenedPage, runtime: RunningServer
) -> None:
    with opened.context.expect_page() as waiting:
        foreign.evaluate("url => { window.__opened = window.open(url) }", f"{runtime.info.url}/_page/")
    waiting.value.wait_for_load_state()
    assert waiting.value.evaluate("window.opener") is None
    assert foreign.evaluate("window.__opened.closed") is True  # as far as it can see
    waiting.value.close()


def test_sockets_and_event_sources(foreign: Page, target: str, runtime: RunningServer, agent: str, living: str) -> None:
    path = f"runtimes/{quote(agent, safe='')}/ws"
    told = foreign.evaluate(
        """async ([addresses, source]) => {
            const ended = (made) => new Promise((resolve) => {
                made.onopen = () => resolve("open");
                made.onmessage = (event) => resolve(event.data);
                made.onerror = () => resolve("error");
            });
            const sockets = await Promise.all(addresses.map((address) => ended(new WebSocket(address))));
            return [...sockets, await ended(new EventSource(source, { withCredentials: true }))];
        }""",
        [
            [f"{target}/{path}".replace("http", "ws", 1), f"{runtime.info.url}/{path}".replace("http", "ws", 1)],
            f"{target}/{READ}",
        ],
    )
    assert told == ["error", "error", "error"]
    untouched(runtime, agent, living)


def test_scripts_styles_and_images_tell_it_nothing(foreign: Page, target: str, runtime: RunningServer) -> None:
    """Neither the page's own modules nor an answer can be loaded into it."""
    told = foreign.evaluate(
        """async (addresses) => {
            const load = (tag, url, more) => new Promise((resolve) => {
                const element = Object.assign(document.createElement(tag), more);
                element.onload = () => resolve("loaded");
                element.onerror = () => resolve("error");
                element[tag === "link" ? "href" : "src"] = url;
                document.head.append(element);
            });
            const ways = [["script", { type: "module" }], ["script", {}], ["img", {}]];
            return Promise.all(addresses.flatMap((url) => ways.map(([tag, more]) => load(tag, url, more))));
        }""",
        [f"{target}/{READ}", f"{runtime.info.url}/_page/js/api.js"],
    )
    assert told == ["error"] * 6


def test_the_page_at_another_name_of_this_machine_is_not_let_in(opened: OpenedPage, runtime: RunningServer) -> None:
    page = opened.context.new_page()
    page.goto(f"http://localhost:{runtime.info.port}/_page/")
    assert "agentcore" not in page.title()
    page.close()


def test_a_link_that_was_used_lets_nobody_in(opened: OpenedPage, runtime: RunningServer) -> None:
    url = runtime.local.invite().url
    for text in ("Agents", "used already, or is too old"):
        page = opened.context.new_page()
        page.goto(url)
        page.get_by_text(text).first.wait_for()
        assert url.partition("#")[2] not in page.url
        page.close()
