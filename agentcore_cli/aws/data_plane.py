"""The data plane client: InvokeAgentRuntime and StopRuntimeSession over http.client, for every target alike.

boto3 can't send a bearer token, sends a slow agent's POST three times, and costs 350 ms of start-up; so this one is
ours. What differs between targets is the endpoint and the signer. Wire facts: botocore's model of `bedrock-agentcore`.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from agentcore_cli.aws.signing import Signer
from agentcore_cli.contract import DEFAULT_ENDPOINT, HEADER_ERROR_TYPE, HEADER_REQUEST_ID, HEADER_SESSION
from agentcore_cli.errors import (
    AgentcoreError,
    AgentFailedError,
    CredentialsError,
    InputError,
    NotFoundError,
    ServiceError,
    StillInProgressError,
)

_CHUNK = 64 * 1024
_RETRY_SECONDS = 120.0  # as long as a session may take to start (contract.INITIALIZATION_SECONDS)
# READY is a fact of the control plane; the data plane may answer 404 for a while after it. A named endpoint that isn't
# found was more likely mistyped.
_NOT_FOUND_SECONDS = 15.0
_NAMED_NOT_FOUND_SECONDS = 3.0

_ERRORS: dict[str, type[AgentcoreError]] = {
    "ValidationException": InputError,
    "AccessDeniedException": CredentialsError,
    "UnauthorizedException": CredentialsError,
    "UnrecognizedClientException": CredentialsError,
    "ExpiredTokenException": CredentialsError,
    "ResourceNotFoundException": NotFoundError,
    "RuntimeClientError": AgentFailedError,
}
_REFUSED_BEFORE_THE_AGENT = frozenset({"RetryableConflictException", "ThrottlingException"})


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation. `headers` are sent as they are, beside the session id and the content type."""

    arn: str
    endpoint: str
    session_id: str
    body: bytes
    headers: dict[str, str]


class Answer:
    """The agent's answer as it arrives: status, headers, and an iterator of byte pieces (read once)."""

    def __init__(self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection) -> None:
        self._response = response
        self._connection = connection
        self.status = response.status
        self.content_type = response.headers.get("Content-Type", "application/octet-stream")
        self.session_id = response.headers.get(HEADER_SESSION)
        self.request_id = response.headers.get(HEADER_REQUEST_ID)

    def pieces(self) -> Iterator[bytes]:
        """Each piece as soon as it is there. Raises AgentFailedError when the stream breaks off."""
        try:
            while piece := self._response.read1(_CHUNK):
                yield piece
            if self._response.length:  # read1 ends silently when the peer hangs up early
                raise http.client.IncompleteRead(b"", self._response.length)
        except TimeoutError as error:
            raise _timed_out(self.request_id) from error
        except (http.client.HTTPException, OSError) as error:
            raise AgentFailedError(
                "the answer broke off: the agent's session ended before it was complete", request_id=self.request_id
            ) from error
        finally:
            self._connection.close()


class DataPlane:
    """One target's data plane. `timeout` is how long the agent may be silent, in seconds."""

    def __init__(self, url: str, signer: Signer, timeout: float) -> None:
        self._url = urlsplit(url)
        self._signer = signer
        self._timeout = timeout

    def invoke(self, call: Call) -> Answer:
        """Send one invocation; never twice once the agent may have seen it.

        Conflicts, throttling and the 404 that may follow READY are refused before the agent runs: those are tried again
        with back-off. Raises AgentFailedError (exit 5) for the agent's own failure, NotFoundError, CredentialsError.
        """
        path = f"/runtimes/{quote(call.arn, safe='')}/invocations?qualifier={quote(call.endpoint, safe='')}"
        headers = call.headers | {HEADER_SESSION: call.session_id}
        patience = _NOT_FOUND_SECONDS if call.endpoint == DEFAULT_ENDPOINT else _NAMED_NOT_FOUND_SECONDS
        return self._patiently(path, headers, call.body, not_found_seconds=patience)

    def stop_session(self, arn: str, endpoint: str, session_id: str) -> None:
        """End a session at once. Raises NotFoundError when it isn't running."""
        path = f"/runtimes/{quote(arn, safe='')}/stopruntimesession?qualifier={quote(endpoint, safe='')}"
        headers = {HEADER_SESSION: session_id, "Content-Type": "application/json"}
        for _ in self._patiently(path, headers, b"{}", not_found_seconds=0).pieces():
            pass

    def _patiently(self, path: str, headers: dict[str, str], body: bytes, *, not_found_seconds: float) -> Answer:
        started = time.monotonic()
        pause = 0.05
        while True:
            answer = self._send(path, headers, body)
            if answer.status == 200:
                return answer
            failure, kind = _failure(answer)
            waited = time.monotonic() - started
            patience = _RETRY_SECONDS if kind in _REFUSED_BEFORE_THE_AGENT else 0.0
            if kind == "ResourceNotFoundException" and "No endpoint or agent found" in failure.message:
                patience = not_found_seconds
            if waited >= patience:
                raise failure
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, 2.0)

    def _send(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._timeout)
        signed = dict(headers)
        self._signer.sign(signed)
        try:
            connection.request("POST", self._url.path.rstrip("/") + path, body, signed)
            return Answer(connection.getresponse(), connection)
        except TimeoutError as error:
            connection.close()
            raise _timed_out(None) from error
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise ServiceError(f"{self._url.netloc}: no answer: {error}", hint="agentcore doctor") from error


def _timed_out(request_id: str | None) -> StillInProgressError:
    return StillInProgressError(
        "the agent was silent for too long; it may still be working", hint="--timeout SECONDS", request_id=request_id
    )


def _failure(answer: Answer) -> tuple[AgentcoreError, str]:
    """The error that an answer other than 200 stands for, and the service's name of it."""
    raw = b"".join(answer.pieces())
    kind = (answer._response.headers.get(HEADER_ERROR_TYPE) or "").split(":")[0]
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    message = body.get("message") if isinstance(body, dict) else None
    detail = body.get("detail") if isinstance(body, dict) else None
    error = _ERRORS.get(kind, ServiceError)
    text = message or f"HTTP {answer.status}"
    failure = error(f"{text}\n{detail}" if detail else text, request_id=answer.request_id)
    return failure, kind
