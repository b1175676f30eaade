"""moto's ECR knows what lies in the registry, and what moto deletes is gone from the registry."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.ecr_bridge import EcrBridge
from tests.stand_ins import Moto, boto3_client

MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class StoredManifest:
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {"docker-content-digest": f"sha256:{hashlib.sha256(self.body).hexdigest()}"}


@dataclass
class MemoryRegistry:
    """Manifests by repository and tag."""

    stored: dict[tuple[str, str], StoredManifest] = field(default_factory=dict)

    def push(self, repository: str, tag: str, *sizes: int) -> str:
        layers = [{"digest": f"sha256:{size:064}", "size": size, "mediaType": "layer"} for size in sizes]
        config = {"digest": f"sha256:{0:064}", "size": 7, "mediaType": "config"}
        body = {"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": config, "layers": layers}
        manifest = self.stored[repository, tag] = StoredManifest(json.dumps(body).encode())
        return manifest.headers["docker-content-digest"]

    def tags(self, repository: str) -> list[str]:
        return [tag for name, tag in self.stored if name == repository]

    def manifest(self, repository: str, reference: str) -> StoredManifest:
        return self.stored[repository, reference]

    def blob(self, repository: str, digest: str) -> bytes:
        return f"{repository} {digest}".encode()

    def delete(self, repository: str, digest: str) -> None:
        for key in [
            key for key, manifest in self.stored.items() if manifest.headers["docker-content-digest"] == digest
        ]:
            del self.stored[key]


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def ecr(moto: Moto, registry: MemoryRegistry) -> Iterator[Any]:
    bridge = EcrBridge(registry, moto.url)
    with AwsProxy({}, otherwise=moto.url, bridges={"ecr": bridge}) as proxy:
        client = boto3_client("ecr", proxy.url)
        client.create_repository(repositoryName="one", imageTagMutability="IMMUTABLE")
        yield client
        client.close()
    bridge.close()


def test_a_pushed_image_is_described(ecr: Any, registry: MemoryRegistry) -> None:
    digest = registry.push("one", "v1", 100, 20)
    for _ in range(2):
        (image,) = ecr.describe_images(repositoryName="one", imageIds=[{"imageTag": "v1"}])["imageDetails"]
        assert (image["imageDigest"], image["imageTags"], image["imageSizeInBytes"]) == (digest, ["v1"], 120)
    (got,) = ecr.batch_get_image(repositoryName="one", imageIds=[{"imageDigest": digest}])["images"]
    assert got["imageManifest"].encode() == registry.manifest("one", "v1").body


def test_one_image_may_have_two_tags(ecr: Any, registry: MemoryRegistry) -> None:
    registry.push("one", "v1", 100)
    registry.push("one", "v2", 100)
    (image,) = ecr.describe_images(repositoryName="one")["imageDetails"]
    assert sorted(image["imageTags"]) == ["v1", "v2"]


def test_what_was_not_pushed_is_not_there(ecr: Any) -> None:
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName="one", imageIds=[{"imageTag": "v1"}])
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_images(repositoryName="none")


def test_a_repository_with_images_is_deleted_by_force_alone(ecr: Any, registry: MemoryRegistry) -> None:
    registry.push("one", "v1", 100)
    registry.push("other", "v1", 200)
    with pytest.raises(ecr.exceptions.RepositoryNotEmptyException):
        ecr.delete_repository(repositoryName="one")
    assert registry.tags("one") == ["v1"]
    ecr.delete_repository(repositoryName="one", force=True)
    assert (registry.tags("one"), registry.tags("other")) == ([], ["v1"])


def test_a_deleted_image_is_gone(ecr: Any, registry: MemoryRegistry) -> None:
    registry.push("one", "v1", 100)
    digest = registry.push("one", "v2", 200)
    ecr.batch_delete_image(repositoryName="one", imageIds=[{"imageDigest": digest}])
    assert registry.tags("one") == ["v1"]


def test_a_layer_has_an_address_where_it_can_be_read_without_credentials(ecr: Any, registry: MemoryRegistry) -> None:
    digest = f"sha256:{7:064}"
    for _ in range(2):
        url = ecr.get_download_url_for_layer(repositoryName="one", layerDigest=digest)["downloadUrl"]
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == f"one {digest}".encode()
