"""A registry of Debian's with a base image in it, and a project to build on it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.builders.images.context import FileOwner, Item
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.oci import image, layers
from agentcore_cli.builders.oci.assembly import Assembled
from agentcore_cli.builders.oci.base import Base, Bases
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.builder import OciBuilder
from agentcore_cli.builders.oci.image import OciImage
from agentcore_cli.builders.oci.layers import Content
from agentcore_cli.builders.oci.push import RegistryPublisher
from agentcore_cli.builders.registry.access import SignIn
from tests import registry_server
from tests.fakes.registry_proxy import RegistryProxy
from tests.registry_server import RegistryServer

SIGN_IN = SignIn(registry_server.USER, registry_server.PASSWORD)
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nagent:x:123:45::/home/agent:/bin/sh\n"
BASE = {
    "etc/passwd": Item(PASSWD),
    "etc/group": Item(b"root:x:0:\nstaff:x:50:\n"),
    "usr/bin/sh": Item(b"#!", executable=True),
    "tmp": Item(None, mode=0o1777),
    "opt": Item(None),
    "srv/large": Item(bytes(range(256)) * 4096 * 4),
}
CONFIG = {
    "architecture": "arm64",
    "os": "linux",
    "config": {"Env": ["PATH=/usr/bin", "LANG=C.UTF-8"], "Cmd": ["python3"], "Labels": {"of": "base"}},
    "rootfs": {"type": "layers", "diff_ids": []},
    "history": [],
}


@dataclass
class Work:
    """The step of somebody who waits."""

    told: list[str] = field(default_factory=list)
    stops: bool = False

    def tell(self, message: str) -> None:
        self.told.append(message)

    def show(self, line: str) -> None:
        self.told.append(line)

    def stopping(self) -> bool:
        return self.stops

    def pause(self, seconds: float) -> None:
        """Nobody who waits here waits for time."""


@dataclass
class Yard:
    """Where images are built: `host` is the registry as it is seen from here."""

    folder: Path
    host: str
    work: Work = field(default_factory=Work)
    sign_in: SignIn | None = None

    @property
    def blobs(self) -> Blobs:
        return Blobs(self.folder / "layers")

    @property
    def bases(self) -> Bases:
        return Bases(self.blobs, lambda host: self.sign_in)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    def builder(self, *, attests: bool = False, **settings: object) -> OciBuilder:
        """A fresh one: it looks at the project once."""
        usual: dict[str, object] = {"base_image": f"{self.host}/base/python:3.13", "labels": {"by": "us"}}
        entry = Path("main.py")
        project = ImageProject(self.root, "bot", ("main.py",), entry, 8080, "3.13", **(usual | settings))  # type: ignore[arg-type]
        return OciBuilder(project, self.folder / "cache", self.blobs, lambda host: self.sign_in, attests=attests)

    def build(self, **settings: Any) -> OciImage:
        return self.builder(**settings).build(self.work)

    def push(self, built: OciImage, name: str = "bot:v1") -> str:
        return RegistryPublisher(self.bases, lambda: self.sign_in).publish(built, f"{self.host}/{name}", self.work)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    if not registry_server.is_installed():
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    with registry_server.running(folder, password=True) as server:
        publish_base(folder, server.host)
        yield server


@pytest.fixture
def proxy(registry: RegistryServer) -> Iterator[RegistryProxy]:
    with RegistryProxy(registry.host) as proxy:
        yield proxy


@pytest.fixture
def yard(tmp_path: Path, proxy: RegistryProxy) -> Yard:
    """Behind the proxy, with a project of one file."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text("answer = 1\n")
    return Yard(tmp_path, proxy.host, sign_in=SIGN_IN)


def publish_base(folder: Path, host: str, sign_in: SignIn | None = SIGN_IN) -> None:
    """Our own publisher puts it there: nothing else here makes arm64 images."""
    yard = Yard(folder, host, sign_in=sign_in)
    layer = layers.pack(Content(BASE, FileOwner(), {}), yard.blobs, yard.work)
    config = {**CONFIG, "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]}}
    built = image.whole(Base(None, CONFIG), Assembled(config, (layer,), {}), (), yard.blobs)
    yard.push(built, "base/python:3.13")


def is_whole(registry: RegistryServer, name: str) -> bool:
    """Whether everything is there that the manifest under this name needs."""
    repository, _, version = name.partition(":")
    manifest = registry.manifest(repository, version)
    blobs = [manifest["config"], *manifest["layers"]]
    held = {each["digest"]: registry.blob(repository, each["digest"]) for each in blobs}
    return all(content and f"sha256:{hashlib.sha256(content).hexdigest()}" == each for each, content in held.items())


def attestations_of(registry: RegistryServer, name: str) -> dict[str, Any]:
    """The documents about an image by their kinds, found as the distribution specification says: by the tag schema."""
    repository, _, version = name.partition(":")
    _, content = registry.ask(f"/v2/{repository}/manifests/{version}")
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    documents = {}
    for each in registry.manifest(repository, digest.replace(":", "-"))["manifests"]:
        manifest = registry.manifest(repository, each["digest"])
        assert (manifest["subject"]["digest"], manifest["artifactType"]) == (digest, each["artifactType"])
        documents[each["artifactType"]] = json.loads(registry.blob(repository, manifest["layers"][0]["digest"]) or b"")
    return documents
