"""Who a request to the data plane says it is from. The rest of the request is the same for every target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agentcore_cli.contract import SERVICE


class Signer(Protocol):
    """Adds what proves the caller's right to `headers`, just before they are sent."""

    def sign(self, headers: dict[str, str]) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalKey:
    """The local runtime wants its own access key id in a SigV4 header; it does not check the signature."""

    access_key: str
    region: str

    def sign(self, headers: dict[str, str]) -> None:
        scope = f"{self.access_key}/19700101/{self.region}/{SERVICE}/aws4_request"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=local"
