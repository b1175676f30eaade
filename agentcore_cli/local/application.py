"""The raw ASGI application: one request in, to the plane that serves it, one answer out.

No framework: an ARN is one percent-encoded segment of the path, which routers decode too early, and every layer
costs time on each call (see `proxy`).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, Final

from agentcore_cli.contract import HEADER_MUST_START, PAYLOAD_MAX
from agentcore_cli.local.access.authorizer import challenge
from agentcore_cli.local.access.guard import AccessGuard, AdmittedCaller, require_signature
from agentcore_cli.local.admin_api import AdminApi
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.data_plane.error_formats import refusal
from agentcore_cli.local.data_plane.plane import DataPlaneServer
from agentcore_cli.local.http.delivery import deliver
from agentcore_cli.local.http.proxy import AnswerBroken, CallerGone, PayloadTooLarge, Receive, Send
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import denied
from agentcore_cli.local.http.wire import Answer, ServiceFault
from agentcore_cli.local.memory.service import BODY_MAX as MEMORY_BODY_MAX
from agentcore_cli.local.memory.service import MemoryService
from agentcore_cli.local.page import PREFIX as PAGE
from agentcore_cli.local.page import PageEntrance
from agentcore_cli.local.programs.credentials import OTLP, PATH, SessionCredentials
from agentcore_cli.local.traces.intake import TraceIntake

CONTROL_BODY_MAX: Final = 1_048_576  # bytes
_MUST_START: Final = HEADER_MUST_START.lower().encode()

_log = logging.getLogger(__name__)


class Application:
    """What uvicorn calls for each request."""

    def __init__(
        self,
        guard: AccessGuard,
        data_plane: DataPlaneServer,
        control: ControlPlane,
        memory: MemoryService,
        traces: TraceIntake,
        extension: AdminApi,
        credentials: SessionCredentials,
        page: PageEntrance,
    ) -> None:
        self._guard = guard
        self._data_plane = data_plane
        self._control = control
        self._memory = memory
        self._traces = traces
        self._extension = extension
        self._credentials = credentials
        self._page = page

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if scope["type"] == "websocket":
            await respond(request, self._converse(request, scope["subprotocols"]), kind="websocket.http")
        elif request.segments[0] == PAGE and request.session_token is None:
            request = self._page.page.receive(scope, receive, send)
            await respond(request, self._page.page.answer(request, scope, self._serve_page))
        else:
            await respond(request, self._answer(request))

    async def _converse(self, request: Request, offered: list[str]) -> None:
        _pass_over_own_origin(request)
        caller = await self._guard.identify(request, 0)
        await self._data_plane.converse(request, caller, offered)

    async def _serve_page(self, request: Request, caller: AdmittedCaller) -> None:
        """Answer what the page asks of the planes."""
        await respond(request, self._serve(request, caller))

    async def _answer(self, request: Request) -> Answer | None:
        _pass_over_own_origin(request)
        return await self._serve(request, await self._guard.identify(request, _body_limit(request)))

    async def _serve(self, request: Request, caller: AdmittedCaller) -> Answer | None:
        if self._data_plane.serves(request.method, request.segments):
            return await self._data_plane.handle(request, caller)
        if request.segments[0] == OTLP and caller.grant is not None:
            request.known(caller.grant)
            return await self._traces.receive(request, caller.grant)
        require_signature(caller)
        request.known(caller.grant)
        if self._memory.serves(request.segments):
            await self._memory.handle(request, caller)
            return None
        if caller.grant is not None:
            if (request.method, *request.segments) == ("GET", PATH):
                return await self._credentials.serve(request, caller.grant)
            raise denied(self._control.operation(request.method, request.segments) or "*", "*")
        if self._extension.serves(request.segments):
            return await self._extension.handle(request)
        return await self._ask_control(request, caller)

    async def _ask_control(self, request: Request, caller: AdmittedCaller) -> Answer:
        body = await request.body(CONTROL_BODY_MAX).all()
        return await self._control.handle(
            request.method,
            request.segments,
            request.query,
            body,
            caller.region,
            must_start=request.headers.get(_MUST_START, b"").decode("latin-1"),
        )


async def respond(request: Request, work: Awaitable[Answer | None], *, kind: str = "http") -> None:
    """Send the answer that the work gives, or why it gives none. An answer of None is sent already."""
    try:
        answer = await work
    except (CallerGone, AnswerBroken):
        return  # there is nobody to tell, or no way to tell it: the server hangs up on an answer that is not whole
    except PayloadTooLarge:
        answer = _refusal(ServiceFault.validation("The request's body is too large"), request)
    except ServiceFault as fault:
        answer = _refusal(fault, request)
    except Exception:
        _log.exception("request %s failed", request.id)
        answer = _refusal(ServiceFault.internal("The local runtime failed; see server.log"), request)
    finally:
        request.close()
    if answer is not None:
        await deliver(request.send, answer, request.id, kind=kind)


def _body_limit(request: Request) -> int:
    """How large a body may be, in bytes, before it is known what for."""
    if request.segments[0] == "memories":
        return MEMORY_BODY_MAX
    return PAYLOAD_MAX if request.segments[-1] == "invocations" else CONTROL_BODY_MAX


def _pass_over_own_origin(request: Request) -> None:
    """Some clients name the very server that they talk to as their origin; no page of anybody else's can."""
    origins = [value for name, value in request.header_list if name == b"origin"]
    if origins and all(origin.lower() == b"http://" + request.headers.get(b"host", b"").lower() for origin in origins):
        del request.headers[b"origin"]


def _refusal(fault: ServiceFault, request: Request) -> Answer:
    status, headers, body = refusal(fault, request)
    if status == 401:
        headers.append(("www-authenticate", challenge(request)))
    return status, headers, body
