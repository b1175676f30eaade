"""From the containerUri of a version to an image in the engine of this machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.program import ImageProgram
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.control.settings import RuntimeSettings
from agentcore_cli.local.http.upstream import UpstreamLost

PLATFORM: Final = "linux/arm64"
WRITABLE_LABEL: Final = "agentcore.writable"  # see `specification`
TOLD_MAX: Final = 65_536  # bytes of a pull's progress that are kept: a failure is at its end
_URI: Final = re.compile(r"(?P<repository>[^@]+?)(:(?P<tag>[^:/@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A containerUri in its parts."""

    uri: str
    repository: str
    tag: str
    digest: str | None

    @classmethod
    def of(cls, uri: str) -> ImageReference:
        match = _URI.fullmatch(uri)
        if match is None:
            raise ArtifactError(f"The container URI '{uri}' is not an image's name")
        return cls(uri, match["repository"], match["tag"] or "latest", match["digest"])

    @property
    def name(self) -> str:
        """By digest where there is one: a tag beside it says nothing more."""
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


async def program(engine: Engine, key: str, settings: RuntimeSettings, environment: dict[str, str]) -> ImageProgram:
    """What a version runs. Raises ArtifactError, in the service's words where it has some, when that is impossible.

    The image is looked for by its name, as a push or a pull has left it; by its own id where the digest is that one
    (built here and never pushed); at last it is pulled. The local runtime has no credentials for a registry.
    """
    reference = ImageReference.of(settings.container_uri or "")
    try:
        image = await _find(engine, reference) or await _pulled(engine, reference)
        version = await engine.ask("GET", "/version")
    except EngineError as error:
        raise ArtifactError(f"{reference.uri}: {error.message}") from error
    _require_arm64(reference, image)
    is_here = engine.address.startswith("/") and version.get("KernelVersion") == os.uname().release
    return ImageProgram(
        key, image["Id"], environment, settings.port, version["Arch"], engine_is_here=is_here, writable=_writable(image)
    )


async def _find(engine: Engine, reference: ImageReference) -> Any:
    """The image as `docker image inspect` shows it, or None."""
    found = await _inspect(engine, reference.name)
    if found is None and reference.digest is not None:
        built = await _inspect(engine, reference.digest)
        names = (built or {}).get("RepoTags") or []
        return built if any(name.rpartition(":")[0] == reference.repository for name in names) else None
    return found


async def _inspect(engine: Engine, name: str) -> Any:
    try:
        return await engine.ask("GET", f"/images/{name}/json")
    except EngineError as error:
        if error.status == 404:
            return None
        raise


async def _pulled(engine: Engine, reference: ImageReference) -> Any:
    """The image, pulled as nobody. Raises ArtifactError with what the registry said."""
    try:
        await _pull(engine, reference)
        return await engine.ask("GET", f"/images/{reference.name}/json")
    except EngineError as error:
        raise ArtifactError(
            f"{reference.uri} is not in the container engine at {engine.address}, and pulling it without credentials "
            f"failed: {error.message}"
        ) from error


async def _pull(engine: Engine, reference: ImageReference) -> None:
    """A failure may come in the middle of the answer, whose status was good. Raises EngineError."""
    wanted = {"fromImage": reference.repository, "tag": reference.digest or reference.tag, "platform": PLATFORM}
    told = b""
    try:
        async with engine.open("POST", "/images/create", wanted) as connection:
            while data := await connection.chunk():
                told = (told + data)[-TOLD_MAX:]
    except UpstreamLost as error:
        raise EngineError("the container engine hung up while it pulled") from error
    for line in told.splitlines():
        if line.startswith(b"{") and b'"error"' in line:
            raise EngineError(str(msgspec.json.decode(line)["error"]))


def _require_arm64(reference: ImageReference, image: dict[str, Any]) -> None:
    """AgentCore runs nothing else; here neither, so that what runs here runs there (runtime-service-contract)."""
    if image["Architecture"] != "arm64" or image["Os"] != "linux":
        raise ArtifactError(
            f"Architecture incompatible for uri '{reference.uri}'. Supported architectures: [arm64], "
            f"found: [{image['Architecture']}]"
        )


def _writable(image: dict[str, Any]) -> tuple[str, ...] | None:
    label = (image["Config"].get("Labels") or {}).get(WRITABLE_LABEL)
    return None if label is None else tuple(label.split())
