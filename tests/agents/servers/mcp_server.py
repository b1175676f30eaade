"""An MCP server on FastMCP, as AWS's tutorial has it; with STATEFUL set it keeps sessions of its own."""

import os

from mcp.server.fastmcp import Context, FastMCP

STATEFUL = "STATEFUL" in os.environ
PORT = int(os.environ.get("PORT", "8000"))
mcp = FastMCP("calculator", host="0.0.0.0", port=PORT, stateless_http=not STATEFUL)
calls = []


@mcp.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    calls.append((a, b))
    return a + b


@mcp.tool()
def count() -> int:
    """How many additions this process has made."""
    return len(calls)


@mcp.tool()
async def ask(context: Context) -> str:
    """What the client's session is called by the server."""
    request = context.request_context.request
    return request.headers.get("mcp-session-id", "")


if __name__ == "__main__":
    mcp.run(transport="streamable-http")
