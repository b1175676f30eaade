"""The way from a container to services on this machine's loopback: the local runtime itself, a stand-in for a model.

A variable AWS_ENDPOINT_URL… or OTEL_EXPORTER_OTLP_… may name such a service. In a container, loopback is the
container's own, so the address becomes `host.docker.internal`, which leads to the gateway of our network, and there a
relay listens at the same port and passes bytes on, for just these services. Where the gateway is not on this machine
(engines in a virtual machine) nothing can listen there; such engines lead the name to this machine's loopback by
themselves.

Credentials are another matter: SDKs take them over plain HTTP from loopback or from the address that AWS's containers
have them from, 169.254.170.2. So a network of its own has that address for its gateway, and a relay listens there, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from agentcore_cli.local.http.relaying import relay_to

HOST: Final = "host.docker.internal"
CREDENTIALS_HOST: Final = "169.254.170.2"  # AWS SDKs, "Container credential provider"
CREDENTIALS: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
ENGINES_OWN: Final = "host-gateway"  # what an engine puts in for the machine it runs on
_VARIABLES: Final = ("AWS_ENDPOINT_URL", "OTEL_EXPORTER_OTLP_")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class Relays:
    """Listens at `gateway`, an address of this machine on the containers' network."""

    def __init__(self, gateway: str | None) -> None:
        self._gateway = gateway
        self._servers: dict[tuple[str, int], asyncio.Server | None] = {}

    @property
    def host(self) -> str:
        """What a container's /etc/hosts needs: `name:address`."""
        return f"{HOST}:{self._gateway or ENGINES_OWN}"

    async def reach(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables as a container needs them, with the relays that they call for."""
        return {name: await self._lead(name, value) for name, value in environment.items()}

    def close(self) -> None:
        for server in self._servers.values():
            if server is not None:
                server.close()
        self._servers.clear()

    async def _lead(self, name: str, value: str) -> str:
        service = _local_service(value) if name.startswith(_VARIABLES) or name == CREDENTIALS else None
        if service is None:
            return value
        host, port = service
        there, known_as = (CREDENTIALS_HOST, CREDENTIALS_HOST) if name == CREDENTIALS else (self._gateway, HOST)
        if there is not None and (there, port) not in self._servers:
            self._servers[there, port] = await _listen(there, port)
        return value.replace(f"//{host}:{port}", f"//{known_as}:{port}", 1)


def _local_service(url: str) -> tuple[str, int] | None:
    """Host and port, as they are written, of a URL on loopback."""
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port) if parts.hostname in _LOOPBACK and parts.port else None
    except ValueError:
        return None


async def _listen(gateway: str, port: int) -> asyncio.Server | None:
    """A relay, or None: the service listens at every address and needs none, or the gateway is not on this machine."""

    try:
        return await asyncio.start_server(relay_to("127.0.0.1", port), gateway, port)
    except OSError:
        return None
