"""When an agent that refuses a call is said to have no route for it."""

from __future__ import annotations

import pytest

from agentcore_cli.local.sessions.routes import without_route


@pytest.mark.parametrize(
    "said",
    [
        '{"detail":"Not Found"}',
        '{"status_code":404,"detail":"Not Found"}',
        "Not Found",
        "404: Not Found",
        "<!doctype html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found.</p>",
        "<html><title>404: Not Found</title><body>404: Not Found</body></html>",
        "<h1>Page not found <small>(404)</small></h1>",
        "\u26a0\ufe0f 404 \u2014 Not Found\n====\nRequested URL /invocations not found\n",
        "<title>Error: 404 Not Found</title>",
        "Method Not Allowed",
        "<p>Error code: 501</p>\n<p>Message: Unsupported method ('POST').</p>",
    ],
)
def test_a_framework_that_has_no_such_route_is_told_as_that(said: str) -> None:
    advice = without_route(404, "HTTP", ("POST", "/invocations"), said)
    assert advice is not None
    assert advice.message == "The server answers 404 to POST /invocations, which is what HTTP on AgentCore calls."
    assert '@app.post("/invocations")' in advice.lines


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, '{"error": "Order 7 not found"}'), (404, ""), (500, "Not Found"), (400, '{"detail":"Not Found"}')],
)
def test_what_an_agent_itself_answers_is_left_as_it_is(status: int, said: str) -> None:
    assert without_route(status, "HTTP", ("POST", "/invocations"), said) is None


def test_a_redirect_is_no_answer() -> None:
    advice = without_route(307, "MCP", ("POST", "/mcp"), "")
    assert advice is not None
    assert (
        "answers 307 to POST /mcp, which is what MCP on AgentCore calls: a redirect, and no answer." in advice.message
    )
    assert "without a slash" in advice.lines
