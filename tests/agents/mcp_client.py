"""A client on the MCP SDK: opens one session at the address given, calls what is told on stdin, prints the results.

argv: the address. stdin: `{"headers": {…}, "calls": [["tool", {…}], …]}`. stdout: one JSON object.
"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def main(address, told):
    async with (
        streamablehttp_client(address, headers=told["headers"]) as (read, write, session_id),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = [tool.name for tool in (await session.list_tools()).tools]
        results = [(await session.call_tool(name, arguments)).content[0].text for name, arguments in told["calls"]]
        print(json.dumps({"tools": tools, "results": results, "session": session_id()}))


asyncio.run(main(sys.argv[1], json.load(sys.stdin)))
