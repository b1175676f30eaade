"""An image that is there already: resolved to its digest, looked at where that is allowed, never built or pushed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import AgentcoreError, DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.image import KEY

_ARM64: Final = "arm64"


@dataclass(frozen=True, slots=True)
class SuppliedImage:
    """`uri` is as the user wrote it, with a tag or a digest, of ECR; `door` is of its region.

    `deployed` is the image that the agent runs as far as is known: it is not looked into again.
    """

    uri: str
    address: EcrRepository
    door: Repositories
    listener: Listener
    deployed: str | None = None
    key: str = KEY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def read(self, recorded: Record | None) -> Found:
        """Raises InputError when it is not there or not for arm64. Who may not look uses it as it is, and is told."""
        name, _, digest = self.uri.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        try:
            if digest:
                there = self.door.image(self.address.name, digest=digest, registry=self.address.account)
            else:
                there = self.door.image(self.address.name, tag=tag or "latest", registry=self.address.account)
        except DeniedError as error:
            self.listener(Note(f"image {self.uri}: it can't be looked at: {error.message}"))
            return self._found(self.uri)
        if there is None:
            raise InputError(f"image {self.uri}: not in ECR", hint="push it, or mend its name")
        resolved = f"{self.address.uri}@{there.digest}"
        if resolved != self.deployed:
            self._check_architecture(there.digest)
        return self._found(resolved)

    def replaces(self, change: FieldChange) -> bool:
        return False

    def apply(self, work: Work) -> Found:
        return self.read(None)

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: it is not ours."""

    def _found(self, uri: str) -> Found:
        return Found({}, {"uri": uri}, uri, given=True)

    def _check_architecture(self, digest: str) -> None:
        try:
            found = self.door.architectures(self.address.name, digest, registry=self.address.account)
        except AgentcoreError as error:
            self.listener(Note(f"image {self.uri}: not known whether it is for {_ARM64}: {error.message}"))
            return
        if found and _ARM64 not in found:
            raise InputError(
                f"image {self.uri}: it is for {', '.join(sorted(found))}, and AgentCore runs linux/{_ARM64} only",
                hint="build it with `docker build --platform linux/arm64`",
            )
