"""Who gets at the page of the local runtime: the browser that was let in, and nothing else that reaches the port."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from agentcore_cli.local.page.answers import AGAIN, POLICY
from tests.attacks.inside import Inside
from tests.local_runtime import SESSION_HEADER, Answer, RunningServer, invocations, new_session
from tests.page_visitor import PageVisitor

REFUSED = "The page answers to a browser that was let in by: agentcore open"
FETCHER = """
import http.client, http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b'{"status": "Healthy"}')

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        connection = http.client.HTTPConnection(asked["host"], asked["port"], timeout=30)
        connection.request(asked["method"], asked["path"], asked["body"], asked["headers"])
        answer = connection.getresponse()
        self.answer(json.dumps({"status": answer.status, "body": answer.read().decode("latin-1")}).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


@pytest.fixture
def visitor(server: RunningServer) -> PageVisitor:
    visitor = PageVisitor(server.info)
    assert visitor.log_in().status == 200
    return visitor


def is_refused(answer: Answer) -> bool:
    """Whether it is the one refusal that everybody hears."""
    kind = answer.headers.get("x-amzn-errortype")
    return (answer.status, kind, answer.json()) == (403, "AccessDeniedException", {"message": REFUSED})


WRONG: dict[str, dict[str, str | None]] = {
    "a foreign origin": {"origin": "https://evil.example"},
    "another port of this machine": {"origin": "http://127.0.0.1:1"},
    "an origin without a name": {"origin": "null"},
    "a foreign host": {"host": "evil.example"},
    "a name that leads here": {"host": "localhost.evil.example:8757"},
    "localhost, where cookies are others'": {"host": "localhost:{port}", "origin": "http://localhost:{port}"},
    "a host without a port": {"host": "127.0.0.1"},
    "a name that was made to lead here": {"host": "evil.example:{port}", "origin": "http://evil.example:{port}"},
    "a site beside": {"sec-fetch-site": "same-site"},
    "a foreign site": {"sec-fetch-site": "cross-site"},
    "no marker": {"x-agentcore-page": None},
    "the marker of one that wants in": {"x-agentcore-page": "open"},
    "an empty marker": {"x-agentcore-page": ""},
    "the cookie alone": {"x-agentcore-page": "A" * 43},
    "the marker alone": {"cookie": None},
    "another's cookie": {"cookie": "agentcore_page_{port}=" + "A" * 43},
    "the cookie under another name": {"cookie": "agentcore_page_1=" + "A" * 43},
    "no text": {"x-agentcore-page": "\xff\xfe"},
}


@pytest.mark.parametrize("path", ["/_local/sessions", "/_local/page"])
@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_is_told_the_same(visitor: PageVisitor, wrong: str, path: str) -> None:
    port = str(visitor.info.port)
    changed = {name: value and value.replace("{port}", port) for name, value in WRONG[wrong].items()}
    assert is_refused(visitor.api("GET", path, **changed))
    assert visitor.api("GET", path).status == 200


@pytest.mark.parametrize("wrong", [*WRONG, "no origin"])
def test_nothing_is_done_either(visitor: PageVisitor, answers: str, wrong: str) -> None:
    port = str(visitor.info.port)
    changed = {
        name: value and value.replace("{port}", port) for name, value in WRONG.get(wrong, {"origin": None}).items()
    }
    session = {SESSION_HEADER: new_session()}
    assert is_refused(visitor.api("POST", invocations(answers), {}, **session, **changed))
    told = visitor.api("GET", f"/_local/sessions?runtime_arn={quote(answers, safe='')}").json()["sessions"]
    assert session[SESSION_HEADER] not in [each["session_id"] for each in told]


def test_two_visits_are_not_one(visitor: PageVisitor, server: RunningServer) -> None:
    """The cookie of one with the second secret of another."""
    other = PageVisitor(server.info)
    other.log_in()
    assert is_refused(visitor.api("GET", "/_local/page", cookie=other.own["cookie"]))
    both = f"{other.own['cookie']}; {visitor.own['cookie']}"  # as another port of this host could have set it, too
    assert visitor.api("GET", "/_local/page", cookie=both).status == 200


@pytest.mark.parametrize("name", ["host", "origin", "x-agentcore-page", "sec-fetch-site"])
def test_what_is_said_twice_is_not_believed(visitor: PageVisitor, name: str) -> None:
    connection = http.client.HTTPConnection(visitor.info.host, visitor.info.port, timeout=60)
    connection.putrequest("GET", "/_page/api/_local/page", skip_host=True, skip_accept_encoding=True)
    for header, value in [*visitor.own.items(), (name, visitor.own[name] + "x")]:
        connection.putheader(header, value)
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


def test_a_foreign_page_is_not_told_that_it_may_ask(visitor: PageVisitor) -> None:
    """A preflight, which a browser sends before a header of its own, is refused and allows nothing."""
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-agentcore-page"}
    for path in ("/_page/api/runtimes/", "/_page/login"):
        answer = visitor.ask("OPTIONS", path, None, origin="https://evil.example", cookie=None, **asked)
        assert is_refused(answer)
        assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_a_token_lets_in_once(server: RunningServer) -> None:
    visitor = PageVisitor(server.info)
    token = visitor.token()
    assert visitor.log_in(token).status == 200
    assert is_refused(PageVisitor(server.info).log_in(token))
    assert visitor.api("GET", "/_local/page").status == 200


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"origin": "https://evil.example"}, id="a foreign origin"),
        pytest.param({"origin": None}, id="no origin"),
        pytest.param({"host": "evil.example"}, id="a foreign host"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="a foreign site"),
        pytest.param({"x-agentcore-page": None}, id="no marker"),
        pytest.param({"x-agentcore-page": "1"}, id="another marker"),
    ],
)
def test_a_token_that_a_foreign_page_has_lets_it_in_nowhere(
    server: RunningServer, changed: dict[str, str | None]
) -> None:
    visitor = PageVisitor(server.info)
    token = visitor.token()
    answer = visitor.log_in(token, **changed)
    assert is_refused(answer)
    assert "set-cookie" not in answer.headers
    assert visitor.log_in(token).status == 200  # it was not used up by that


def test_a_hundred_wrong_tokens_lock_nobody_out(server: RunningServer, visitor: PageVisitor) -> None:
    stranger = PageVisitor(server.info)
    for number in range(100):
        assert is_refused(stranger.log_in(f"{number:043}"))
    assert visitor.api("GET", "/_local/page").status == 200
    assert PageVisitor(server.info).log_in().status == 200


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"token": 1}', b'{"token": ""}', b"\xff", b'{"token": "\\ud800"}']
)
def test_what_is_no_token_lets_in_nobody(server: RunningServer, body: bytes) -> None:
    visitor = PageVisitor(server.info)
    answer = visitor.ask("POST", "/_page/login", body, **{"x-agentcore-page": "open"})
    assert answer.status in (400, 403)
    assert "set-cookie" not in answer.headers


def test_large_bodies_are_not_read(server: RunningServer, visitor: PageVisitor) -> None:
    stranger = PageVisitor(server.info)
    assert stranger.ask("POST", "/_page/login", b"x" * 10_000, **{"x-agentcore-page": "open"}).status == 400
    assert visitor.ask("POST", "/_page/api/_local/clock", b" " * 2_000_000).status == 400
    assert visitor.ask("POST", "/_page/api/runtimes/", b" " * 2_000_000).status == 400


NOT_OPENED = [
    ("PUT", "/_local/credentials"),
    ("POST", "/_local/shutdown"),
    ("POST", "/_local/page"),
    ("GET", "/_local/artifacts"),
    ("PUT", "/runtimes/"),
    ("PUT", "/runtimes/x-0123456789/"),
    ("DELETE", "/runtimes/x-0123456789/"),
    ("PUT", "/runtimes/x-0123456789/runtime-endpoints/"),
    ("DELETE", "/runtimes/x-0123456789/runtime-endpoints/a"),
    ("POST", "/tags/arn"),
    ("PUT", "/resourcepolicy/arn"),
    ("GET", "/resourcepolicy/arn"),
    ("POST", "/memories/create"),
    ("DELETE", "/memories/m/delete"),
    ("PUT", "/memories/m/update"),
    ("POST", "/memories/m/events"),
    ("POST", "/memories/m/memoryRecords/batchDelete"),
    ("GET", "/runtimes/arn/ws"),
    ("GET", "/"),
    ("GET", "/_page/"),
    ("POST", "/_page/login"),
    ("GET", "/_session/x/_local/sessions"),
    ("POST", "/_session/x/runtimes/arn/invocations"),
    ("POST", "/otlp/v1/traces"),
    ("GET", "/_local%2Fsessions"),
    ("GET", "/_local/../_local/sessions"),
    ("GET", "//_local/sessions"),
]


@pytest.mark.parametrize(("method", "path"), NOT_OPENED, ids=" ".join)
def test_what_is_not_opened_stays_shut(visitor: PageVisitor, method: str, path: str) -> None:
    answer = visitor.api(method, path, {} if method != "GET" else None)
    assert (answer.status, answer.json()) == (403, {"message": "That is not open to the page."})
    assert answer.headers["content-security-policy"].endswith("; sandbox")


@pytest.mark.parametrize("path", ["/_page/api/runtimes/{arn}/ws", "/_page/ws", "/runtimes/{arn}/ws"])
def test_a_visit_opens_no_web_socket(visitor: PageVisitor, answers: str, path: str) -> None:
    url = f"ws://{visitor.host}{path.replace('{arn}', quote(answers, safe=''))}"
    own = {"cookie": visitor.own["cookie"], "x-agentcore-page": visitor.own["x-agentcore-page"]}
    with pytest.raises(InvalidStatus) as refused, connect(url, origin=Origin(visitor.origin), additional_headers=own):
        pass
    assert refused.value.response.status_code in (403, 404)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/_page/", "/_page/open", "/_page/api/_local/sessions", "/_page/login"])
def test_other_methods_do_nothing(visitor: PageVisitor, method: str, path: str) -> None:
    assert visitor.ask(method, path).status in (400, 403)


@pytest.mark.parametrize(
    "name",
    [
        *("../pyproject.toml", "..%2fpyproject.toml", "%2e%2e/pyproject.toml", "js/../../iam/caller_policy.json.j2"),
        *("js%2fmain.js", "/etc/passwd", "%2fetc%2fpasswd", "..", ".", "js", "js/", "index.html%00", "INDEX.HTML"),
        *(
            "..\\pyproject.toml",
            "%5c..",
            "nothing.js",
            "js/nothing.js",
            "apix",
            "api",
            "%61pi/_local/sessions",
            "open/x",
        ),
    ],
)
def test_wrong_names_of_files_lead_nowhere(visitor: PageVisitor, name: str) -> None:
    answer = visitor.ask("GET", f"/_page/{name}")
    assert answer.status in (400, 403, 404)
    assert set(answer.json()) == {"message"}


def test_a_file_is_shown_to_this_host_alone(visitor: PageVisitor) -> None:
    for host in ("evil.example", f"localhost:{visitor.info.port}", f"[::1]:{visitor.info.port}"):
        assert is_refused(visitor.ask("GET", "/_page/", host=host))


EVERY_KIND = [
    ("GET", "/_page/"),
    ("GET", "/_page/open"),
    ("GET", "/_page/nothing"),
    ("GET", "/_page"),
    ("POST", "/_page/"),
    ("POST", "/_page/login"),
    ("GET", "/_page/api/_local/page"),
    ("GET", "/_page/api/_local/nothing"),
    ("POST", "/_page/api/runtimes/"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_KIND, ids=" ".join)
@pytest.mark.parametrize("knows", [True, False], ids=["let in", "not let in"])
def test_every_answer_says_what_a_browser_may_do_with_it(
    visitor: PageVisitor, method: str, path: str, knows: bool
) -> None:
    answer = visitor.ask(method, path, b"{}" if method == "POST" else None, **{} if knows else {"cookie": None})
    assert has_headers(answer, is_file=not path.startswith(("/_page/api", "/_page/login")))


def has_headers(answer: Answer, *, is_file: bool) -> bool:
    """Whether all that must be there is, once."""
    said = answer.headers
    assert said["content-security-policy"] == (POLICY if is_file else f"{POLICY}; sandbox")
    assert said["x-content-type-options"] == "nosniff"
    assert said["referrer-policy"] == "no-referrer"
    assert said["cross-origin-opener-policy"] == "same-origin"
    assert said["cross-origin-resource-policy"] == "same-origin"
    assert is_file or (said["content-disposition"], said["cache-control"]) == ("attachment", "no-store")
    return True


def test_the_policy_lets_no_script_of_others_run() -> None:
    parts = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert parts["default-src"] == parts["form-action"] == parts["frame-ancestors"] == parts["base-uri"] == "'none'"
    assert parts["script-src"] == f"'self' '{AGAIN}'"
    assert parts["style-src"] == parts["connect-src"] == "'self'"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


@pytest.mark.parametrize(
    "payload", [{"do": "stream", "events": 2}, {"do": "echo"}, {"do": "bytes", "size": 10}, {"do": "fail"}]
)
def test_what_an_agent_answers_is_never_a_page(visitor: PageVisitor, answers: str, payload: dict[str, Any]) -> None:
    answer = visitor.api("POST", invocations(answers), payload, **{SESSION_HEADER: new_session()})
    assert has_headers(answer, is_file=False)


HTML = """
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b'{"status": "Healthy"}')

    def do_POST(self):
        self.answer(b"<script>alert(1)</script>")

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-security-policy", "default-src *")
        self.send_header("content-disposition", "inline")
        self.send_header("set-cookie", "a=b")
        self.send_header("access-control-allow-origin", "*")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


def test_an_agent_does_not_choose_the_headers(visitor: PageVisitor, server: RunningServer) -> None:
    arn = server.deploy(HTML, name="html")
    answer = visitor.api("POST", invocations(arn), {}, **{SESSION_HEADER: new_session()})
    assert answer.body == b"<script>alert(1)</script>"
    assert has_headers(answer, is_file=False)
    assert not {"set-cookie", "access-control-allow-origin"} & answer.headers.keys()


@pytest.fixture(scope="module")
def fetcher(server: RunningServer) -> str:
    return server.deploy(FETCHER, name="fetcher")


def test_a_session_gets_nowhere(server: RunningServer, visitor: PageVisitor, fetcher: str, answers: str) -> None:
    """By the network that it has and the address that it is given, with its own token and without."""
    within = Inside(server, answers)
    asks = [
        ("GET", "/_page/api/_local/sessions", {}),
        ("POST", "/_page/api/runtimes/", {}),
        ("POST", "/_page/login", {"x-agentcore-page": "open"}),
        ("POST", "/_local/page", {}),
        ("GET", f"{within.path}/_page/api/_local/sessions", {}),
        ("POST", f"{within.path}/_page/login", {"x-agentcore-page": "open"}),
        ("GET", f"/_page/api{within.path}/_local/sessions", {}),
        ("POST", f"{within.path}/_local/page", {}),
    ]
    for method, path, headers in asks:
        own = {"host": visitor.host, "origin": visitor.origin, "x-agentcore-page": within.token} | headers
        asked = {"host": "127.0.0.1", "port": server.info.port, "method": method, "path": path}
        asked |= {"headers": own, "body": json.dumps({"token": within.token}) if method == "POST" else None}
        told = server.invoke(fetcher, json.dumps(asked).encode(), new_session()).json()
        assert told["status"] in (403, 404), (path, told)
    within.close()


def test_no_secret_is_written_down(server: RunningServer, visitor: PageVisitor, answers: str) -> None:
    token = visitor.token()
    visitor.log_in(token)
    visitor.api("POST", invocations(answers), {"do": "headers"}, **{SESSION_HEADER: new_session()})
    secrets = (token, visitor.own["x-agentcore-page"], visitor.own["cookie"].partition("=")[2])
    assert [list(server.files_with(secret)) for secret in secrets] == [[], [], []]


def test_no_secret_reaches_an_agent(visitor: PageVisitor, answers: str) -> None:
    said = visitor.api("POST", invocations(answers), {"do": "headers"}, **{SESSION_HEADER: new_session()})
    names = {name.lower() for name in said.json()}
    assert not names & {"cookie", "x-agentcore-page", "origin", "referer", "sec-fetch-site"}
    assert visitor.own["x-agentcore-page"] not in said.body.decode()


def test_sessions_of_others_regions_and_files_that_are_no_logs(visitor: PageVisitor, server: RunningServer) -> None:
    for log in ("/etc/passwd", str(server.home.server_file), str(server.home.server_log), "", "../server.json", "\x00"):
        assert visitor.api("GET", f"/_local/logs?log={quote(log)}").status in (400, 404)
