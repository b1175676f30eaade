"""`agentcore open`, from the file that it hands to a browser on: the local runtime, and a project on AWS."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import OpenedPage
from tests.command_line import CommandLine
from tests.functional.commands.aws_project import arn_of, on_aws
from tests.functional.commands.conftest import agentcore as agentcore

pytestmark = pytest.mark.long

SECONDS = 120


@pytest.fixture
def aws(agentcore: CommandLine, tmp_path: Path) -> CommandLine:
    return on_aws(agentcore, tmp_path)


@pytest.fixture
def page(aws: CommandLine, browser: Browser) -> Iterator[Page]:
    """That of the project on AWS, while the command runs."""
    command = CommandLine(aws.folder, aws.environment)
    process = command.start("open", "--target", "aws", "--no-browser", "--json")
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        opened = OpenedPage(browser, Path(told["file"]).as_uri())
        yield opened.page
        opened.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
    finally:
        process.kill()
        process.communicate()


def test_the_local_runtime(agentcore: CommandLine, browser: Browser) -> None:
    file = Path(agentcore.json("open", "--no-browser")["file"])
    opened = OpenedPage(browser, file.as_uri())
    expect(opened.page.get_by_role("grid", name="Agents").get_by_role("link")).to_contain_text("answers")
    expect(opened.page.get_by_role("button", name="Advance clock")).to_be_visible()
    opened.close()


def test_a_project_on_aws(aws: CommandLine, page: Page) -> None:
    """Read, call and stop; what AWS has no operation for is not there."""
    page.get_by_role("grid", name="Agents").get_by_role("link").click()
    expect(page.get_by_role("region", name="Endpoints")).to_contain_text("DEFAULT")
    expect(page.get_by_role("link", name="Chat").first).to_be_visible()
    for name in ("Advance clock", "Arm a fault"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("navigation").get_by_role("link", name="Memory")).to_be_hidden()
    page.get_by_role("navigation").get_by_role("link", name="Chat").click()
    page.get_by_role("textbox", name="Message").fill("Hello")
    page.keyboard.press("Enter")
    turn = page.get_by_role("article", name="Turn 1")
    expect(turn.locator(".words")).to_contain_text('"calls": 1')
    expect(turn).to_contain_text("request")
    page.get_by_role("textbox", name="Message").fill('{"do": "fail"}')
    page.keyboard.press("Enter")
    expect(page.get_by_role("article", name="Turn 2").get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="This session").click()
    expect(page.locator("main header .badge")).to_have_text("used lately")
    expect(page.get_by_role("tab")).to_have_text(["Log", "Traces"])
    page.get_by_role("button", name="Stop…").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.locator("main header .badge")).to_have_text("stopped")
    assert arn_of(aws) in page.evaluate("decodeURIComponent(location.hash)")
