"""What the page of a project on AWS asks, answered with the caller's credentials: reads, calls, and stops."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from agentcore_cli import __version__
from agentcore_cli.contract import HEADER_REQUEST_ID, HEADER_SESSION, HEADER_USER, PAYLOAD_MAX
from agentcore_cli.errors import AgentcoreError, AgentFailedError, InputError, NotFoundError, StillInProgressError
from agentcore_cli.local.access.guard import AdmittedCaller
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault
from agentcore_cli.local.protocol import PageFacts
from agentcore_cli.names import new_session_id
from agentcore_cli.operations import destination
from agentcore_cli.operations.invoke.invoke import Invocation, InvokeRequest, invoke
from agentcore_cli.operations.invoke.payload import JSON, Payload
from agentcore_cli.operations.page.memo import Memo
from agentcore_cli.operations.page.project import ProjectOnAws, on_the_wire
from agentcore_cli.operations.sessions.known import note_stopped

CAN: Final = ("invoke", "stop", "logs", "traces")
READ_SECONDS: Final = 5.0  # for which what was read of the control plane, or of a log, is new enough
SLOW_SECONDS: Final = 60.0  # the same of drift and traces
STOP_SECONDS: Final = 60.0
DRIFT_WAIT_SECONDS: Final = 0.5  # for which an answer waits for it
BODY_MAX: Final = 65_536  # bytes of a read's
_STATUSES: Final = {InputError: 400, NotFoundError: 404, AgentFailedError: 424, StillInProgressError: 504}
_CUSTOM: Final = "x-amzn-bedrock-agentcore-runtime-custom-"
_encode: Final = msgspec.json.Encoder(enc_hook=on_the_wire).encode


class CloudPlanes:
    """Its answers have the shapes of the service's own, and of the local runtime's extension."""

    def __init__(self, project: ProjectOnAws) -> None:
        self._project = project
        self._memo = Memo()

    async def answer(self, request: Request, caller: AdmittedCaller) -> Answer | None:
        """None when the answer went out as it came. Raises ServiceFault."""
        try:
            return await self._answer(request, caller)
        except AgentcoreError as error:
            raise _fault(error) from error

    async def _answer(self, request: Request, caller: AdmittedCaller) -> Answer | None:
        match (request.method, *request.segments):
            case ("POST", "runtimes", arn, "invocations"):
                await self._invoke(request, arn, caller.token or None)
                return None
            case ("POST", "runtimes", arn, "stopruntimesession"):
                return _json(await self._stop(request, arn, caller.token or None))
            case ("GET", "_local", name):
                return _json(await self._show(request, name))
            case ("POST", "runtimes"):
                return _json(await self._memo.of("runtimes", READ_SECONDS, self._project.runtimes))
            case ("GET" | "POST", "runtimes", runtime_id, *rest):
                return _json(await self._read(request, runtime_id, with_drift=not rest))
        raise ServiceFault.unknown_operation()

    async def _show(self, request: Request, name: str) -> Any:
        project, asked = self._project, {key: values[0] for key, values in request.query.items()}
        if name == "page":
            return PageFacts(project.target, CAN, project.regions, __version__)
        if name == "sessions":
            return await asyncio.to_thread(project.sessions, asked.get("runtime_arn"))
        if name == "logs":
            log, after = asked.get("log", ""), _number(asked.get("after", "0"))
            return await self._memo.of(("log", log, after), READ_SECONDS, lambda: project.log(log, after))
        if name == "traces":
            key = ("traces", *sorted((k, v) for k, v in asked.items() if k not in ("since", "after", "limit")))
            return await self._memo.of(key, SLOW_SECONDS, lambda: project.traces(asked))
        if name == "trace":
            trace_id = asked.get("trace_id", "")
            return await self._memo.of(("trace", trace_id), SLOW_SECONDS, lambda: project.trace(trace_id))
        raise ServiceFault.unknown_operation()

    async def _read(self, request: Request, runtime_id: str, *, with_drift: bool) -> Any:
        method, segments, query = request.method, request.segments, request.query
        body = await request.body(BODY_MAX).all()
        key = (method, *segments, request.query_string, body)
        shown = await self._memo.of(key, READ_SECONDS, lambda: self._project.read(method, segments, query, body))
        if not with_drift:
            return shown
        return shown | {"drift": await self._drift(runtime_id)}

    async def _drift(self, runtime_id: str) -> str:
        """It takes many reads: until it is known there is none to show."""
        try:
            async with asyncio.timeout(DRIFT_WAIT_SECONDS):
                return await self._memo.of(("drift", runtime_id), SLOW_SECONDS, lambda: self._project.drift(runtime_id))
        except TimeoutError:
            return ""
        except AgentcoreError as error:
            return f"can't be told: {error.message}"

    async def _invoke(self, request: Request, arn: str, bearer: str | None) -> None:
        there = self._there(arn, request.qualifier)
        payload = Payload(await request.body(PAYLOAD_MAX).all(), request.values_of("content-type") or JSON)
        asked = InvokeRequest(
            payload,
            session=request.values_of(HEADER_SESSION.lower()) or new_session_id(),
            user_id=request.values_of(HEADER_USER.lower()) or None,
            accept=request.values_of("accept") or None,
            headers=tuple(
                f"{name.decode()}:{value.decode('latin-1')}"
                for name, value in request.header_list
                if name.startswith(_CUSTOM.encode())
            ),
            bearer=bearer,
        )
        invocation = await asyncio.to_thread(invoke, asked, there)
        try:
            await _relay(invocation, request)
        finally:
            await asyncio.to_thread(invocation.remember)

    async def _stop(self, request: Request, arn: str, bearer: str | None) -> dict[str, Any]:
        there, session_id = self._there(arn, request.qualifier), request.values_of(HEADER_SESSION.lower())

        def stop() -> None:
            try:
                there.plane(timeout=STOP_SECONDS, bearer=bearer).stop_session(arn, there.endpoint, session_id)
            except NotFoundError:
                note_stopped(there, session_id)
                raise
            note_stopped(there, session_id)

        await asyncio.to_thread(stop)
        return {}

    def _there(self, arn: str, endpoint: str) -> destination.Destination:
        """Raises NotFoundError for a runtime of another project."""
        if arn not in self._project.agents:
            raise NotFoundError(f"{arn}: no agent of this project")
        return destination.of(self._project.agents[arn], endpoint)


async def _relay(invocation: Invocation, request: Request) -> None:
    """The answer as it arrives."""
    answer = invocation.answer
    told = {
        "content-type": answer.content_type,
        HEADER_SESSION.lower(): invocation.session_id,
        HEADER_REQUEST_ID.lower(): answer.request_id or request.id,
    }
    headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in told.items()]
    await request.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    pieces = invocation.pieces()
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        await request.send({"type": "http.response.body", "body": piece, "more_body": True})
    await request.send({"type": "http.response.body", "body": b"", "more_body": False})


def _json(value: Any) -> Answer:
    return 200, list(JSON_HEADERS), _encode(value)


def _number(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise ServiceFault.validation("after: a number of bytes")
    return int(text)


def _fault(error: AgentcoreError) -> ServiceFault:
    """In the service's shape. That AWS refuses the caller is no 403 here: it is the page that would be shut out."""
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 502)
    return ServiceFault(status, error.code, error.message, detail=error.hint or "")
