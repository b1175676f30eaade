"""One kept-alive HTTP connection that posts the same request again and again."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self


class Refused(Exception):
    """The answer was not a 200."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a POST goes and with which headers."""

    host: str
    port: int
    path: str
    headers: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"


class Caller:
    """The connection to `address`, from `with` to the end of the block."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connection = http.client.HTTPConnection(address.host, address.port, timeout=120)

    def post(self, body: bytes) -> bytes:
        """The body of the answer. Raises Refused for a status other than 200, OSError if nobody listens."""
        self._connection.request("POST", self._address.path, body, dict(self._address.headers))
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise Refused(f"{answer.status} {content!r}")
        return content

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()
