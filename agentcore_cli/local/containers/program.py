"""What a container is asked to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agentcore_cli.contract import INITIALIZATION_SECONDS
from agentcore_cli.local.sandbox import Level, StorageMeans
from agentcore_cli.local.sandbox.attachment import image_refusal

EMULATION_FACTOR: Final = 5  # how much longer an emulated agent may take to start: QEMU costs about that


@dataclass(frozen=True, slots=True)
class ImageProgram:
    """One immutable runtime version whose artifact is an image, found in the engine."""

    key: str
    """Unique per runtime version: `<runtime id>/<version>`."""
    image: str
    """The image's id in the engine: what its name leads to later does not matter."""
    environment: Mapping[str, str]
    """The runtime's variables; no credentials. The image's own stay beneath them."""
    port: int
    """Where its server listens: 8080, 8000 or 9000."""
    engine_architecture: str
    """Of the machine that runs it, in Docker's words; everything but arm64 emulates."""
    engine_is_here: bool = False
    """Whether it runs on this machine's own kernel, so that its processes are this machine's."""
    writable: tuple[str, ...] | None = None
    """The folders of its own that it writes to, when the image tells; None, when it may write anywhere."""

    @property
    def emulated(self) -> bool:
        return self.engine_architecture != "arm64"

    @property
    def level(self) -> Level:
        """A container, and how the machine runs it."""
        how = f"emulated: linux/arm64 on {self.engine_architecture}" if self.emulated else "native"
        return Level("container", how)

    @property
    def storage_means(self) -> StorageMeans:
        """How the storage of its sessions is kept."""
        reason = image_refusal() or ("" if self.engine_is_here else "the container engine runs on another kernel")
        if reason:
            return StorageMeans(is_image=False, mounted="starting", owner=None, is_anybodys=True, reason=reason)
        return StorageMeans(is_image=True, mounted="serving", owner=None, is_anybodys=True)

    @property
    def initialization_seconds(self) -> int:
        """How long it may take until its first good ping."""
        return INITIALIZATION_SECONDS * (EMULATION_FACTOR if self.emulated else 1)
