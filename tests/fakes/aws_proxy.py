"""A proxy in front of the services of AWS: it names every call, writes it down, and can let it come to harm.

with AwsProxy({"bedrock-agentcore": local.url}, otherwise=moto.url) as proxy:
    proxy.interfere(named("iam:CreateRole"), reset_after)
    ...  # with AWS_ENDPOINT_URL=proxy.url
    assert [call.name for call in proxy.calls] == [...]
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request, read_call
from tests.fakes.threaded import Handler, ThreadedServer

Forward = Callable[[Request], Answer]
Harm = Callable[[Call, Request, Forward], Answer | None]
"""Answers a call, with or without asking the service; None: the connection is reset."""
Matches = Callable[[Call], bool]

_HOP: Final = frozenset({"connection", "transfer-encoding", "content-length", "host", "date", "server", "keep-alive"})
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close by RST


class AwsProxy(ThreadedServer):
    """Use it in a `with`. `services` has the URL for a name that is signed with, else it is `otherwise`.

    `bridges` stand between the proxy and a service, whatever harm comes to the call before.
    """

    request_queue_size = 64

    def __init__(
        self, services: Mapping[str, str], *, otherwise: str, bridges: Mapping[str, Harm] | None = None
    ) -> None:
        self.calls: list[Call] = []
        self.failures: list[Exception] = []
        self._services = services
        self._otherwise = otherwise
        self._bridges = bridges or {}
        self._rules: list[tuple[Matches, Harm]] = []
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(_handler_of(self))

    def __exit__(self, *ending: object) -> None:
        super().__exit__(*ending)
        if self.failures:
            raise ExceptionGroup("the proxy could not serve every call", self.failures)

    @property
    def names(self) -> list[str]:
        """The calls so far as IAM names them, in order."""
        return [call.name for call in self.calls]

    def interfere(self, matches: Matches, handler: Harm) -> None:
        """From now on `handler` gets the calls that match; of several, the one named first."""
        self._rules.append((matches, handler))

    def begin_anew(self) -> None:
        """Forget the calls and leave all of them alone."""
        with self._lock:
            self.calls, self._rules = [], []
            self._counts.clear()

    def take(self, request: Request) -> Answer | None:
        """Write the call down and have it answered."""
        call = self._noted(read_call(request))
        bridge = self._bridges.get(call.service, _pass_on)

        def forward(request: Request) -> Answer:
            answer = bridge(call, request, partial(send, self._services.get(call.service, self._otherwise)))
            assert answer
            return answer

        handler = next((handler for matches, handler in list(self._rules) if matches(call)), _pass_on)
        return handler(call, request, forward)

    def shutdown_request(self, request: Any) -> None:
        """Without the FIN that would come before a reset."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence: a caller that was killed has closed its end."""

    def _noted(self, call: Call) -> Call:
        with self._lock:
            self._counts[call.name] += 1
            call = replace(call, number=len(self.calls) + 1, occurrence=self._counts[call.name])
            self.calls.append(call)
        return call


def _pass_on(call: Call, request: Request, forward: Forward) -> Answer | None:
    return forward(request)


def send(url: str, request: Request) -> Answer:
    """The service's own answer to a request."""
    upstream = urlsplit(url)
    connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=120)
    headers = {name: value for name, value in request.headers.items() if name not in _HOP}
    try:
        connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
        return Answer(response.status, response.read(), kept)
    finally:
        connection.close()


def _handler_of(proxy: AwsProxy) -> type[Handler]:
    class Proxied(Handler):
        protocol_version = "HTTP/1.1"

        def relay(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # the caller was killed in the middle of its request, which is none then
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = proxy.take(Request(self.command, self.path, headers, body))
            except Exception as failure:  # of the stage, not of the service: told when the proxy closes
                proxy.failures.append(failure)
                answer = Answer(500, repr(failure).encode())
            if answer is None:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = relay

    return Proxied
