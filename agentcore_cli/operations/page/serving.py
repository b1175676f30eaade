"""The page of a project on AWS: served to this machine alone, while the command runs that has the credentials."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

from agentcore_cli.local.access.guard import AdmittedCaller
from agentcore_cli.local.application import respond
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.proxy import Receive, Send
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.serving import BACKLOG, HttpServer
from agentcore_cli.local.http.wire import Answer, ServiceFault
from agentcore_cli.local.page import PREFIX
from agentcore_cli.local.page.guard import HOST
from agentcore_cli.local.page.page import PageServer
from agentcore_cli.operations.page.opening import OpenedPage, shown
from agentcore_cli.operations.page.planes import CloudPlanes
from agentcore_cli.operations.page.project import ProjectOnAws
from agentcore_cli.operations.selection import Options

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDED = 128  # what a shell adds to the number of the signal that ended a command


class CloudApplication:
    """What uvicorn calls for each request."""

    def __init__(self, page: PageServer, planes: CloudPlanes) -> None:
        self._page = page
        self._planes = planes

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        request = self._page.receive(scope, receive, send)
        await respond(request, self._answer(request, scope))

    async def _answer(self, request: Request, scope: dict[str, Any]) -> Answer | None:
        if request.segments[0] != PREFIX or request.session_token is not None:
            raise ServiceFault.unknown_operation()
        return await self._page.answer(request, scope, self._serve)

    async def _serve(self, request: Request, caller: AdmittedCaller) -> None:
        await respond(request, self._planes.answer(request, caller))


def serve_page(options: Options, home: Home, tell: Callable[[OpenedPage], None], *, browse: bool) -> int:
    """Serve the page until a signal ends it; gives the exit code. `tell` is told where it is.

    Raises NotFoundError (4) when nothing of the project is deployed on the target.
    """
    with closing(ProjectOnAws.of(options)) as project:
        # Raised while asyncio makes its loop, KeyboardInterrupt would leave half a loop, which tells so by a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        try:
            return asyncio.run(_serve(project, home.claim(), tell, browse=browse))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _serve(project: ProjectOnAws, home: Home, tell: Callable[[OpenedPage], None], *, browse: bool) -> int:
    listener = socket.create_server((HOST, 0), backlog=BACKLOG)
    page = PageServer(listener.getsockname()[1], home.invitations)
    server = HttpServer(CloudApplication(page, CloudPlanes(project)))
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    heard: list[int] = []

    def end(number: int) -> None:
        heard.append(number)
        ended.set()

    for number in _ENDINGS:
        loop.add_signal_handler(number, end, number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        tell(shown(project.target, page.invite(), browse=browse))
        await ended.wait()
    finally:
        page.close()
        server.should_exit = True
        await serving
        listener.close()
    return _ENDED + heard[0]
