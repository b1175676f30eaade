"""The data plane client: InvokeAgentRuntime and StopRuntimeSession for every target alike, each a single HTTP request.

boto3 can't send a bearer token, sends a slow agent's POST three times, and costs 350 ms of start-up; so this one is
ours. What differs between targets is the endpoint and the signer. Wire facts: botocore's model of `bedrock-agentcore`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from agentcore_cli import __version__
from agentcore_cli.aws import endpoints
from agentcore_cli.aws.http import BrokenAnswer, Response, send
from agentcore_cli.aws.signing import SignedRequest, Signer
from agentcore_cli.contract import (
    DEFAULT_ENDPOINT,
    HEADER_ERROR_TYPE,
    HEADER_REQUEST_ID,
    HEADER_SESSION,
    HEADER_SESSION_CALLS,
    HEADER_WARNINGS,
    USER_AGENT,
)
from agentcore_cli.errors import AgentcoreError, AgentFailedError, ServiceError, StillInProgressError
from agentcore_cli.waiting import Waiter

if TYPE_CHECKING:
    from agentcore_cli.aws.refusals import ServiceRefusal

_RETRY_SECONDS: Final = 120.0  # as long as a session may take to start (contract.INITIALIZATION_SECONDS)
# READY is a fact of the control plane; the data plane may answer 404 for a while after it. A named endpoint that isn't
# found was more likely mistyped.
_NOT_FOUND_SECONDS: Final = 15.0
_NAMED_NOT_FOUND_SECONDS: Final = 3.0
_REFUSED_BEFORE_THE_AGENT: Final = frozenset({"RetryableConflictException", "ThrottlingException"})


class AgentCall(Struct, frozen=True):
    """One invocation. `headers` are sent as they are, beside the session id; `is_fresh`: it was just deployed, so that
    a 404 may pass.
    """

    arn: str
    endpoint: str
    session_id: str
    body: bytes
    headers: dict[str, str]
    is_fresh: bool = True

    @property
    def not_found_seconds(self) -> float:
        fresh = self.is_fresh and self.endpoint == DEFAULT_ENDPOINT
        return _NOT_FOUND_SECONDS if fresh else _NAMED_NOT_FOUND_SECONDS

    @property
    def is_rpc(self) -> bool:
        """Whether the body is a JSON-RPC request, whose refusals come with HTTP 200."""
        return self.body.lstrip().startswith(b"{") and b'"jsonrpc"' in self.body


class Answer:
    """The agent's answer as it arrives: status, headers, and an iterator of byte pieces (read once)."""

    def __init__(self, response: Response, connection: socket.socket) -> None:
        self._response = response
        self._connection = connection
        self._whole: bytes | None = None
        self._failure: AgentcoreError | None = None
        self.status = response.status
        self.headers = response.headers
        self.content_type = response.headers.get("content-type", "application/octet-stream")
        self.session_id = response.headers.get(HEADER_SESSION.lower())
        self.request_id = response.headers.get(HEADER_REQUEST_ID.lower())

    @property
    def is_first(self) -> bool | None:
        """Whether this was the first call of a session just started; None where the service doesn't tell (AWS)."""
        calls = self.headers.get(HEADER_SESSION_CALLS.lower())
        return None if calls is None else calls == "1"

    @property
    def warnings(self) -> list[str]:
        """What the local runtime says of what goes well there alone; AWS says nothing of the kind."""
        told = self.headers.get(HEADER_WARNINGS.lower())
        return [str(warning) for warning in json.loads(told)] if told else []

    def whole(self) -> bytes:
        """All of it, or what arrived before it broke off; `pieces` gives it once more, and raises only then."""
        arrived = bytearray()
        try:
            for piece in self.pieces():
                arrived += piece
        except (AgentFailedError, StillInProgressError) as error:
            self._failure = error
        self._whole = bytes(arrived)
        return self._whole

    def close(self) -> None:
        """Hang up; the agent goes on."""
        self._connection.close()

    def pieces(self) -> Iterator[bytes]:
        """Each piece as soon as it is there. Raises AgentFailedError when the stream breaks off."""
        if self._whole is not None:
            yield self._whole
            if self._failure is not None:
                raise self._failure
            return
        try:
            yield from self._response.pieces()
        except TimeoutError as error:
            raise _timed_out(self._connection, self.request_id) from error
        except (BrokenAnswer, OSError) as error:
            raise AgentFailedError(
                "the answer broke off: the agent's session ended before it was complete", request_id=self.request_id
            ) from error
        finally:
            self.close()


_ADVICE: Final = "agentcore doctor; check the network, the region and AWS_ENDPOINT_URL"


class DataPlane:
    """One target's data plane. `timeout` is how long the agent may be silent, in seconds, `advice` what to do where
    nobody answers at `url`."""

    def __init__(self, url: str, signer: Signer, timeout: float, advice: str = _ADVICE) -> None:
        endpoints.parsed(url)
        self._url = url.rstrip("/")
        self._signer = signer
        self._timeout = timeout
        self._advice = advice

    def invoke(self, call: AgentCall) -> Answer:
        """Send one invocation; never twice once the agent may have seen it.

        Conflicts, throttling and the 404 that may follow READY are refused before the agent runs: those are tried again
        with back-off. Raises AgentFailedError (exit 5) for the agent's own failure, NotFoundError, CredentialsError.
        """
        request = self._request("POST", call.arn, "invocations", call.endpoint)
        request.headers |= call.headers | {HEADER_SESSION: call.session_id}
        request.body = call.body
        return self._patiently(request, not_found_seconds=call.not_found_seconds, is_rpc=call.is_rpc)

    def stop_session(self, arn: str, endpoint: str, session_id: str) -> None:
        """End a session at once. Raises NotFoundError when it isn't running."""
        request = self._request("POST", arn, "stopruntimesession", endpoint)
        request.headers |= {HEADER_SESSION: session_id, "Content-Type": "application/json"}
        request.body = b"{}"
        self._patiently(request).whole()

    def agent_card(self, call: AgentCall) -> Answer:
        """GetAgentCard: what an A2A agent says of itself. Starts the session if need be."""
        request = self._request("GET", call.arn, "invocations/.well-known/agent-card.json", call.endpoint)
        request.headers |= call.headers | {HEADER_SESSION: call.session_id}
        return self._patiently(request, not_found_seconds=call.not_found_seconds)

    def command(self, call: AgentCall) -> Answer:
        """InvokeAgentRuntimeCommand: an event stream (see `commands`). Starts the session if need be."""
        request = self._request("POST", call.arn, "commands", call.endpoint)
        request.headers |= call.headers | {HEADER_SESSION: call.session_id, "Content-Type": "application/json"}
        request.body = call.body
        return self._patiently(request, not_found_seconds=call.not_found_seconds)

    def _request(self, method: str, arn: str, path: str, endpoint: str) -> SignedRequest:
        url = f"{self._url}/runtimes/{quote(arn, safe='')}/{path}?qualifier={quote(endpoint, safe='')}"
        return SignedRequest(method, url, {"Host": _host(url), "User-Agent": f"{USER_AGENT}/{__version__}"})

    def _patiently(self, request: SignedRequest, *, not_found_seconds: float = 0.0, is_rpc: bool = False) -> Answer:
        """One good answer; each attempt is signed anew."""
        waiter = Waiter(0.05, 2.0, jitter=True)
        plain = dict(request.headers)
        while True:
            request.headers = dict(plain)
            answer = self._send(request)
            if (refused := _refused(answer, is_rpc)) is None:
                return answer
            patience = _RETRY_SECONDS if refused.kind in _REFUSED_BEFORE_THE_AGENT else 0.0
            if refused.is_missing_endpoint:
                patience = not_found_seconds
            if waiter.is_over(patience):
                advice = self._signer.advice(refused.kind, refused.message)
                raise refused.error(hint=advice, request_id=answer.request_id)
            waiter.pause()

    def _send(self, request: SignedRequest) -> Answer:
        self._signer.sign(request)
        url = urlsplit(request.url)
        try:
            connection = endpoints.connect(request.url, self._timeout)
        except OSError as error:
            raise ServiceError(f"{url.netloc}: can't be reached: {error}", hint=self._advice) from error
        try:
            target = f"{url.path}?{url.query}"
            return Answer(send(connection, request.method, target, request.headers, request.body), connection)
        except TimeoutError as error:
            connection.close()
            raise _timed_out(connection) from error
        except (BrokenAnswer, OSError) as error:
            connection.close()
            message = f"{url.netloc}: no answer: {str(error) or type(error).__name__}; the agent may have been called"
            raise ServiceError(message, hint="agentcore logs; nothing was sent a second time") from error


def _refused(answer: Answer, is_rpc: bool) -> ServiceRefusal | None:
    if answer.status == 200 and not (is_rpc and answer.content_type.startswith("application/json")):
        return None
    from agentcore_cli.aws.refusals import refusal, rpc_refusal  # most calls are not refused

    if not 200 <= answer.status < 300:  # an MCP server accepts notifications with 202
        return refusal(
            answer.status, answer.content_type, answer.headers.get(HEADER_ERROR_TYPE.lower()), answer.whole()
        )
    return rpc_refusal(answer.whole())


def _host(url: str) -> str:
    """The Host header: without the port that the scheme implies."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f"{host}:{parts.port}"


def _timed_out(connection: socket.socket, request_id: str | None = None) -> StillInProgressError:
    silence = f"the agent was silent for {connection.gettimeout():g} s; it may still be working"
    return StillInProgressError(silence, hint="--timeout SECONDS waits longer", request_id=request_id)
