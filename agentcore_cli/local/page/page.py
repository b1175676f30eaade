"""One request at `/_page/`: a file, the exchange of a token, or the way through to the planes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from agentcore_cli.contract import LOCAL_REGION, Arn
from agentcore_cli.local.access.guard import AdmittedCaller
from agentcore_cli.local.http.proxy import Receive, Send
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault, parsed
from agentcore_cli.local.page import PREFIX
from agentcore_cli.local.page.allowed import is_allowed
from agentcore_cli.local.page.answers import secured
from agentcore_cli.local.page.files import PageFiles
from agentcore_cli.local.page.guard import MARKER, PageGuard, refused
from agentcore_cli.local.page.invitations import Invitations
from agentcore_cli.local.page.visits import TOKEN_SECONDS, Visits
from agentcore_cli.local.protocol import PageInvitation

API: Final = f"/{PREFIX}/api".encode()
LOGIN: Final = f"/{PREFIX}/login".encode()
REGION: Final = b"x-agentcore-region"
LOGIN_MAX: Final = 1024  # bytes of its body
_KEPT_BACK: Final = (b"cookie", MARKER, REGION, b"origin", b"referer")

Planes = Callable[[Request, AdmittedCaller], Awaitable[None]]


class Login(msgspec.Struct, frozen=True):
    token: str

    def __repr__(self) -> str:
        return "Login(...)"


class PageServer:
    """The page of the server at a port of loopback."""

    def __init__(self, port: int, folder: Path) -> None:
        self._visits = Visits()
        self._guard = PageGuard(port, self._visits)
        self._invitations = Invitations(folder, port)
        self._files = PageFiles()

    def invite(self) -> PageInvitation:
        """A new address that lets a browser in, and a file that leads there and goes with it."""
        token = self._visits.invite()
        url, file = self._invitations.write(token)
        asyncio.get_running_loop().call_later(TOKEN_SECONDS, self._invitations.remove, token)
        return PageInvitation(url, str(file), TOKEN_SECONDS)

    def close(self) -> None:
        """Let in nobody any more."""
        self._invitations.clear()

    def receive(self, scope: dict[str, Any], receive: Receive, send: Send) -> Request:
        """The request, whose answer will have the headers that it must have."""
        is_of_others = scope["raw_path"].startswith(API) or scope["raw_path"] == LOGIN
        return Request(scope, receive, secured(send, is_file=not is_of_others))

    async def answer(self, request: Request, scope: dict[str, Any], planes: Planes) -> Answer | None:
        """Answer it; what goes on to the `planes` is answered there. Raises ServiceFault."""
        if scope["raw_path"].startswith(API + b"/"):
            await self._pass_on(request, scope, planes)
            return None
        if scope["raw_path"] == LOGIN and request.method == "POST":
            return await self._log_in(request)
        self._guard.require_host(request.header_list)
        if request.method != "GET":
            raise refused()
        if scope["raw_path"] == f"/{PREFIX}".encode():
            return 308, [("location", f"/{PREFIX}/")], b""
        return self._files.serve(request.segments[1:], request.headers.get(b"if-none-match", b""))

    async def _log_in(self, request: Request) -> Answer:
        self._guard.require_opening(request.header_list)
        token = parsed(await request.body(LOGIN_MAX).all(), Login).token
        admission = self._visits.begin(token)
        if admission is None:
            raise refused()
        self._invitations.remove(token)
        request.known(None)
        headers = [*JSON_HEADERS, ("set-cookie", self._guard.cookie(admission))]
        return 200, headers, msgspec.json.encode({"secret": admission.secret})

    async def _pass_on(self, request: Request, scope: dict[str, Any], planes: Planes) -> None:
        self._guard.require_visit(request.method, request.header_list)
        kept = [pair for pair in scope["headers"] if pair[0] not in _KEPT_BACK and not pair[0].startswith(b"sec-")]
        inner_scope = scope | {"raw_path": scope["raw_path"].removeprefix(API), "headers": kept}
        inner = Request(inner_scope, request.receive, request.send)
        if inner.session_token is not None or not is_allowed(inner.method, inner.segments):
            raise ServiceFault.access_denied("That is not open to the page.")
        request.known(None)
        await planes(inner, _caller(inner, request.headers.get(REGION, b"").decode("latin-1")))


def _caller(inner: Request, region: str) -> AdmittedCaller:
    """The owner, or whoever the bearer token is of: runtimes that take such tokens take nothing else."""
    authorization = inner.headers.get(b"authorization", b"")
    if authorization[:7].lower() == b"bearer ":
        return AdmittedCaller("bearer", token=authorization[7:].strip().decode("latin-1"))
    return AdmittedCaller("key", region or _region_of(inner) or LOCAL_REGION)


def _region_of(inner: Request) -> str:
    """That of the ARN in the path, where there is one."""
    for segment in inner.segments:
        if segment.startswith("arn:") and segment.count(":") >= 5:
            return Arn.of(segment).region
    return ""
