"""The issuer's keys: found, kept, looked up again for a key that is not known; and every token that is refused."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest

from agentcore_cli.local.access.fetching import Deadline, fetch
from agentcore_cli.local.access.issuer import (
    KEYS_SECONDS,
    RETRY_SECONDS,
    Issuer,
    IssuerUnavailable,
    TokenRefused,
    authorization_server,
    is_loopback,
)
from tests.fakes.machine_time import MachineTime
from tests.fakes.oidc import DISCOVERY, KEYS, Provider, SigningKey, provider


@pytest.fixture
def oidc() -> Iterator[Provider]:
    with provider() as running:
        yield running


def issuer_of(oidc: Provider, machine: MachineTime | None = None) -> Issuer:
    """Its time passes as `machine` says."""
    time_of = machine or MachineTime()
    return Issuer(oidc.discovery_url, lambda: time_of.ran)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_valid_token(oidc: Provider, algorithm: str) -> None:
    oidc.rotate(algorithm)
    issuer = issuer_of(oidc)
    assert (await issuer.claims(oidc.token(client_id="a")))["client_id"] == "a"


async def test_keys_are_looked_up_once_however_many_ask(oidc: Provider) -> None:
    issuer = issuer_of(oidc)
    await asyncio.gather(*(issuer.claims(oidc.token()) for _ in range(20)))
    assert oidc.asked == {DISCOVERY: 1, KEYS: 1}


async def test_a_new_key_is_found_at_once_and_an_old_one_still_serves(oidc: Provider) -> None:
    issuer = issuer_of(oidc)
    before = oidc.token()
    await issuer.claims(before)
    oidc.rotate(keep_old=True)
    await issuer.claims(oidc.token())
    await issuer.claims(before)
    oidc.rotate("ES256")
    await issuer.claims(oidc.token())
    with pytest.raises(TokenRefused, match="not signed by a key of the issuer"):
        await issuer.claims(before)


async def test_unknown_keys_do_not_make_it_ask_for_ever(oidc: Provider) -> None:
    issuer = issuer_of(oidc)
    for _ in range(20):
        with pytest.raises(TokenRefused, match="not signed by a key of the issuer"):
            await issuer.claims(oidc.token(key=SigningKey.make("ES256")))
    assert oidc.asked[KEYS] <= 1 + 5


async def test_keys_are_looked_up_again_after_a_while(oidc: Provider) -> None:
    machine = MachineTime()
    issuer = issuer_of(oidc, machine)
    await issuer.claims(oidc.token())
    machine.run(KEYS_SECONDS - 1)
    await issuer.claims(oidc.token())
    assert oidc.asked[KEYS] == 1
    machine.run(1)
    await issuer.claims(oidc.token())
    assert oidc.asked[KEYS] == 2
    oidc.failing = True
    machine.run(KEYS_SECONDS)
    await issuer.claims(oidc.token())  # those at hand are still good


async def test_a_provider_that_does_not_answer(oidc: Provider) -> None:
    machine = MachineTime()
    oidc.failing = True
    issuer = issuer_of(oidc, machine)
    for _ in range(5):
        with pytest.raises(IssuerUnavailable, match="answered 503"):
            await issuer.claims(oidc.token())
    assert oidc.asked == {DISCOVERY: 1}
    oidc.failing = False
    machine.run(RETRY_SECONDS)
    await issuer.claims(oidc.token())


def _now() -> int:
    return int(time.time())


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param(lambda: {"exp": _now() - 60}, "the token has expired", id="expired"),
        pytest.param(lambda: {"exp": None}, "the token has no claim exp", id="without an end"),
        pytest.param(lambda: {"exp": "soon"}, "the token's signature is wrong|the token", id="an end in words"),
        pytest.param(lambda: {"iss": "https://example.org"}, "the token is of another issuer", id="another issuer"),
        pytest.param(lambda: {"iss": None}, "the token has no claim iss", id="no issuer"),
        pytest.param(lambda: {"nbf": _now() + 600}, "the token is not valid yet", id="not yet"),
    ],
)
async def test_refused_claims(oidc: Provider, claims: Callable[[], dict[str, Any]], reason: str) -> None:
    issuer = issuer_of(oidc)
    with pytest.raises(TokenRefused, match=reason):
        await issuer.claims(oidc.token(**claims()))


async def test_clocks_may_differ_a_little(oidc: Provider) -> None:
    issuer = issuer_of(oidc)
    await issuer.claims(oidc.token(exp=_now() - 10, nbf=_now() + 10))


async def test_forged_tokens(oidc: Provider) -> None:
    stranger = SigningKey.make("RS256")
    public = oidc.keys[0].private.public_key().public_numbers().n.to_bytes(256, "big")
    whole = {"iss": oidc.issuer, "exp": _now() + 60}
    kid = {"kid": oidc.keys[0].id}
    head, body, signature = oidc.token().split(".")
    forged = [
        oidc.token(key=stranger, headers=kid),
        oidc.token(key=SigningKey.make("ES256"), headers=kid),
        jwt.encode(whole, public, algorithm="HS256", headers=kid),
        jwt.encode(whole, None, algorithm="none", headers=kid),
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        f"{head}.{body}",
        "a.b.c",
        "",
        "\u00e9.\u00e9.\u00e9",
        "." * 10_000,
    ]
    issuer = issuer_of(oidc)
    await issuer.claims(oidc.token())
    for token in forged:
        with pytest.raises(TokenRefused) as refused:
            await issuer.claims(token)
        assert not token or token not in str(refused.value)


async def test_a_token_that_names_no_key(oidc: Provider) -> None:
    issuer = issuer_of(oidc)
    token = jwt.encode({"iss": oidc.issuer, "exp": _now() + 60}, oidc.keys[0].private, algorithm="RS256")
    await issuer.claims(token)
    oidc.rotate(keep_old=True)
    issuer = Issuer(oidc.discovery_url)
    with pytest.raises(TokenRefused, match="not signed by a key of the issuer"):
        await issuer.claims(token)


@pytest.mark.parametrize(
    "url",
    ["http://example.org/.well-known/openid-configuration", "file:///etc/passwd/.well-known/openid-configuration", "x"],
)
async def test_keys_come_by_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(IssuerUnavailable, match="by https only"):
        await Issuer(url).claims(jwt.encode({}, SigningKey.make("ES256").private, algorithm="ES256"))


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("a.b", False)],
)
def test_what_is_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) == here


@pytest.mark.parametrize(
    ("discovery", "server"),
    [
        ("https://a.b/pool/.well-known/openid-configuration", "https://a.b/pool"),
        ("https://a.b/.well-known/oauth-authorization-server/tenant/x", "https://a.b/tenant/x"),
        ("https://a.b/.well-known/oauth-authorization-server", "https://a.b"),
    ],
)
def test_the_authorization_server_of_a_discovery_url(discovery: str, server: str) -> None:
    assert authorization_server(discovery) == server


def dripping(piece: bytes) -> Iterator[str]:
    """The address of a server that answers everybody with a byte now and then, and never with a whole answer."""
    ended = threading.Event()

    class Dripping(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.recv(65_536)
                self.request.sendall(piece)
                while not ended.wait(0.02):
                    self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        ended.set()
        server.shutdown()


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"", id="its status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: ", id="a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", id="its body"),
    ],
)
def test_an_issuer_that_tells_a_byte_now_and_then_is_not_waited_for(piece: bytes) -> None:
    for url in dripping(piece):
        with pytest.raises((OSError, http.client.HTTPException)):
            fetch(url, Deadline(0.5), 1000, lambda _: None, proxies=False)


def test_a_redirect_is_looked_at_before_it_is_followed(oidc: Provider) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        server.daemon_threads = False  # then its end waits for theirs
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(IssuerUnavailable, match="by https only"):
            asyncio.run(Issuer(f"http://127.0.0.1:{server.server_address[1]}/").claims(oidc.token()))
        server.shutdown()


def test_a_document_nested_without_end() -> None:
    class Deep(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"issuer":' + b"[" * 500_000)

        def log_message(self, *_: object) -> None:
            pass

    with provider() as oidc, ThreadingHTTPServer(("127.0.0.1", 0), Deep) as server:
        server.daemon_threads = False  # then its end waits for theirs
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(IssuerUnavailable):
            asyncio.run(Issuer(f"http://127.0.0.1:{server.server_address[1]}/").claims(oidc.token()))
        server.shutdown()
