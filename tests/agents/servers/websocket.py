"""An agent on the `websockets` library: says what it got; a message that is a JSON object tells it what to do."""

import asyncio
import http
import json

from websockets.asyncio.server import serve


def process_request(connection, request):
    if request.path == "/ping":
        return connection.respond(http.HTTPStatus.OK, '{"status": "Healthy"}')
    if request.path != "/ws" or "X-Refuse" in request.headers:
        return connection.respond(http.HTTPStatus.NOT_FOUND, "not here")
    return None


async def handle(connection):
    try:
        await talk(connection)
    finally:
        closed.append([connection.close_code, connection.close_reason])


async def talk(connection):
    async for message in connection:
        asked = json.loads(message) if isinstance(message, str) and message.startswith("{") else {}
        if asked.get("do") == "close":
            await connection.close(asked["code"], asked.get("reason", ""))
        elif asked.get("do") == "vanish":
            connection.transport.abort()
        elif asked.get("do") == "big":
            await connection.send("x" * asked["size"])
        elif asked.get("do") == "headers":
            await connection.send(
                json.dumps({name.lower(): value for name, value in connection.request.headers.items()})
            )
        elif asked.get("do") == "closed":
            await connection.send(json.dumps(closed))
        else:
            await connection.send(message)


def select(connection, offered):
    return "voice.v1" if "voice.v1" in offered else None


async def main():
    options = {"select_subprotocol": select, "ping_interval": 1, "max_size": None, "compression": None}
    async with serve(handle, "0.0.0.0", 8080, process_request=process_request, **options):
        await asyncio.get_running_loop().create_future()


closed = []
asyncio.run(main())
