"""A browser as the server of the page sees one: what it sends, and nothing else of it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentcore_cli.local.client import AdminClient
from agentcore_cli.local.protocol import ServerFile
from tests.local_runtime import Answer


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where another server than the local runtime has the page, and the file that lets in there."""

    port: int
    file: Path
    host: str = "127.0.0.1"


class PageVisitor:
    """Asks at `/_page/`; after `log_in` as the page's own script would. Headers of None are left out."""

    def __init__(self, info: ServerFile | PageAddress) -> None:
        self.info = info
        self.host = f"127.0.0.1:{info.port}"
        self.origin = f"http://{self.host}"
        self.own: dict[str, str] = {"host": self.host, "origin": self.origin, "sec-fetch-site": "same-origin"}

    def token(self) -> str:
        """A new one, as `agentcore open` gets it."""
        if isinstance(self.info, PageAddress):
            return re.findall(r"/_page/open#([\w-]+)", self.info.file.read_text())[0]
        return AdminClient(self.info).invite().url.partition("#")[2]

    def log_in(self, token: str | None = None, **headers: str | None) -> Answer:
        body = json.dumps({"token": self.token() if token is None else token})
        answer = self.ask("POST", "/_page/login", body, **{"x-agentcore-page": "open"} | headers)
        if answer.status == 200:
            self.own["cookie"] = answer.headers["set-cookie"].partition(";")[0]
            self.own["x-agentcore-page"] = answer.json()["secret"]
        return answer

    def api(self, method: str, path: str, body: Any = None, **headers: str | None) -> Answer:
        """Ask what any client may ask at `path`."""
        return self.ask(method, f"/_page/api{path}", None if body is None else json.dumps(body), **headers)

    def ask(self, method: str, path: str, body: str | bytes | None = None, **headers: str | None) -> Answer:
        sent = {name: value for name, value in (self.own | headers).items() if value is not None}
        return self.send(method, path, body, sent)

    def send(self, method: str, path: str, body: str | bytes | None, headers: Mapping[str, str]) -> Answer:
        """A request with these headers alone."""
        connection = http.client.HTTPConnection(self.info.host, self.info.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            data = body.encode() if isinstance(body, str) else body
            if data is not None:
                connection.putheader("content-length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()
