"""What of this machine's loopback sessions reach although their loopback is their own: what was named, and listens.

Named are services in the variables of the deployer and the version (a proxy, AWS_ENDPOINT_URL_…, OLLAMA_HOST) and
those of `local: {reachable: […]}`. A port that nobody listens at out here stays free in there: the agent may serve
it itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from agentcore_cli.contract import LOCAL_REACHABLE

CONNECT_SECONDS: Final = 1.0
_SERVICE: Final = re.compile(
    r"(?:^|[\s,]|(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://(?:[^/@\s]*@)?)"
    r"(?:127\.0\.0\.1|localhost|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?=$|[/?#,\s])"
)
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Service:
    """A port of this machine's loopback, and the variable that names it."""

    port: int
    named_by: str

    def __str__(self) -> str:
        return f"127.0.0.1:{self.port} ({self.named_by})"


def services(environment: Mapping[str, str], without: Iterable[int]) -> list[Service]:
    """The services that variables name, one for each port but those of `without`."""
    found: dict[int, Service] = {}
    for name, value in sorted(environment.items(), key=lambda item: (item[0] == LOCAL_REACHABLE, item[0])):
        for named in _SERVICE.finditer(value):
            port = int(named["port"] or _PORTS.get((named["scheme"] or "").lower(), 0))
            if 0 < port < 65536 and port not in without:
                found.setdefault(port, Service(port, name))
    return [found[port] for port in sorted(found)]


async def listening(named: Iterable[Service]) -> list[Service]:
    """Those at which somebody listens out here."""
    named = list(named)
    answers = await asyncio.gather(*(_answers(service.port) for service in named))
    return [service for service, answered in zip(named, answers, strict=True) if answered]


async def _answers(port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection("localhost", port)
            writer.close()
            return True
    return False
