"""A client on the MCP SDK: opens one session at the address given, calls what is told on stdin, prints the results.

argv: the address. stdin: `{"key": [id, secret], "headers": {…}, "calls": [["tool", {…}], …]}`. stdout: one JSON object.
"""

import asyncio
import json
import sys
import time

import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from agentcore_cli.signature import SigningKey, proof


class Signed(httpx.Auth):
    requires_request_body = True

    def __init__(self, key):
        self.key = SigningKey(*key)

    def auth_flow(self, request):
        path, _, query = request.url.raw_path.decode().partition("?")
        sent = (request.method, path, query)
        host = {"Host": request.headers["Host"]}
        fresh = proof(self.key, "us-west-2", "bedrock-agentcore", time.time(), sent, host, request.content)
        request.headers.update(fresh)
        yield request


async def main(address, told):
    async with (
        streamablehttp_client(address, headers=told["headers"], auth=Signed(told["key"])) as (read, write, session_id),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = [tool.name for tool in (await session.list_tools()).tools]
        results = [(await session.call_tool(name, arguments)).content[0].text for name, arguments in told["calls"]]
        print(json.dumps({"tools": tools, "results": results, "session": session_id()}))


asyncio.run(main(sys.argv[1], json.load(sys.stdin)))
