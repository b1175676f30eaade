"""An agent that serves, and has nothing at the path that AgentCore calls."""

from __future__ import annotations

import re
from typing import Final

from agentcore_cli.contract import Protocol
from agentcore_cli.local.sessions.whereabouts import Advice

_ADD_ROUTE: Final[dict[str, str]] = {
    "/invocations": """\
FastAPI, Flask:  @app.post("/invocations")
Starlette:       Route("/invocations", answer, methods=["POST"])""",
    "/mcp": 'FastMCP:  mcp.run(transport="streamable-http"), whose path is /mcp unless another is given',
    "/": "the JSON-RPC endpoint of an A2A server is at its root here, whatever its agent card says",
}
_EXACTLY: Final = "the route has to be that very path, without a slash behind it and without a login page"
_STATUSES: Final = (404, 405, 501)
# What servers answer by themselves then: Starlette, Flask, Django, aiohttp, Tornado, Sanic, Litestar, http.server.
_NO_ROUTE: Final = re.compile(
    r"[\W\d]*+(?:(?:error|message|page|url)[\W\d]*+)?"
    r"(?:not found|method not allowed|unsupported method)[\W\d]*+",
    re.IGNORECASE,
)
_READ_MAX: Final = 4096  # characters
_BETWEEN_WORDS: Final = re.compile(r"<[^>]*>|[\"'{}\[\],\n]")


def without_route(status: int, protocol: Protocol, request: tuple[str, str], said: str) -> Advice | None:
    """What to say of a server that has nothing at the path that is called; None where the answer is the agent's own.

    `request` is method and path, `said` the answer's text.
    """
    method, path = request
    called = f"{method} {path}, which is what {protocol} on AgentCore calls"
    if 300 <= status < 400:
        return Advice(f"The server answers {status} to {called}: a redirect, and no answer.", _EXACTLY)
    if status not in _STATUSES or not any(_NO_ROUTE.fullmatch(part) for part in _BETWEEN_WORDS.split(said[:_READ_MAX])):
        return None
    return Advice(f"The server answers {status} to {called}.", _ADD_ROUTE.get(path, ""))
