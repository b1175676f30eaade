"""Base images as no tool should make them: told in words, and never followed out of the store."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import AgentcoreError, InputError
from tests.fakes.odd_registry import OddRegistry
from tests.functional.oci.conftest import SIGN_IN, Yard

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKERS_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}
ATTESTATION = {
    "platform": {"os": "unknown", "architecture": "unknown"},
    "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
}


@pytest.fixture
def odd() -> Iterator[OddRegistry]:
    with OddRegistry() as odd:
        yield odd


@pytest.fixture
def yard(tmp_path: Path, odd: OddRegistry) -> Yard:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text("answer = 1\n")
    return Yard(tmp_path, odd.host, sign_in=SIGN_IN)


def layer() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("etc/file"))
    return packed.getvalue()


def whole(odd: OddRegistry, media_type: str = DOCKER, *names: str, **changes: Any) -> dict[str, Any]:
    """An image for arm64 of one layer."""
    plain = layer()
    diff_id = f"sha256:{hashlib.sha256(plain).hexdigest()}"
    config = {"architecture": "arm64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    if shell := changes.pop("shell", None):
        config["config"] = {"Shell": shell}
    described = odd.put_blob(LAYER, gzip.compress(plain, mtime=0))
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": odd.put_blob(CONFIG, json.dumps(config).encode()),
        "layers": [described],
    }
    return odd.put(media_type, document | changes, *names)


def test_an_index_in_an_index_with_attestations_is_followed(odd: OddRegistry, yard: Yard) -> None:
    attestation = odd.put(MANIFEST, {"schemaVersion": 2, "config": {}, "layers": []}) | ATTESTATION
    inner = odd.put(DOCKERS_LIST, {"schemaVersion": 2, "manifests": [whole(odd) | {"platform": ARM64}]})
    other = {**inner, "platform": {"os": "linux", "architecture": "s390x"}, "mediaType": MANIFEST}
    odd.put(INDEX, {"schemaVersion": 2, "manifests": [attestation, other, inner]}, "3.13")
    built = yard.build()
    assert built.base_digest == odd_digest(odd, DOCKER)
    assert built.below[0].media_type.startswith("application/vnd.oci.image.layer")


def odd_digest(odd: OddRegistry, media_type: str) -> str:
    (digest,) = [name for name, (kind, _) in odd.manifests.items() if kind == media_type and name.startswith("sha256:")]
    return digest


def test_indexes_in_a_circle_or_without_end_are_told(odd: OddRegistry, yard: Yard) -> None:
    inner = odd.put(INDEX, {"schemaVersion": 2, "manifests": []})
    for _ in range(30):
        inner = odd.put(INDEX, {"schemaVersion": 2, "manifests": [inner] * 3}, "3.13")
    with pytest.raises(InputError, match="not for arm64"):
        yard.build()


def test_blobs_come_from_elsewhere_without_what_the_registry_is_told(odd: OddRegistry, yard: Yard) -> None:
    whole(odd, MANIFEST, "3.13")
    yard.build()
    assert odd.strangers == [None, None]


def test_a_base_by_digest_is_that_one(odd: OddRegistry, yard: Yard) -> None:
    digest = whole(odd, MANIFEST, "3.13")["digest"]
    assert yard.build(base_image=f"{odd.host}/base/python@{digest}").base_digest == digest
    odd.manifests[digest] = (MANIFEST, b'{"config": {}}')
    other = Yard(yard.folder / "other", odd.host, sign_in=SIGN_IN)
    other.root.mkdir(parents=True)
    (other.root / "main.py").write_text("answer = 1\n")
    with pytest.raises(AgentcoreError, match="expected sha256:"):
        other.build(base_image=f"{odd.host}/base/python@{digest}")


OUTSIDE = "sha256:../../outside"
ODD: dict[str, tuple[str, Any]] = {
    "schema 1": ("application/vnd.docker.distribution.manifest.v1+prettyjws", {"schemaVersion": 1, "fsLayers": []}),
    "no JSON": (MANIFEST, b"<html>welcome</html>"),
    "a list": (MANIFEST, []),
    "nothing in it": (MANIFEST, {}),
    "an index of nothing known": (INDEX, {"manifests": "none"}),
    "an index of texts": (INDEX, {"manifests": ["a"]}),
    "no size": (MANIFEST, {"config": {"digest": f"sha256:{'0' * 64}"}, "layers": []}),
    "config outside": (MANIFEST, {"config": {"digest": OUTSIDE, "size": 2}, "layers": []}),
    "manifest outside": (INDEX, {"manifests": [{"digest": OUTSIDE, "platform": ARM64}]}),
}


@pytest.mark.parametrize(("media_type", "document"), ODD.values(), ids=ODD)
def test_what_is_no_manifest_is_told(odd: OddRegistry, yard: Yard, media_type: str, document: Any) -> None:
    odd.put(media_type, document, "3.13")
    with pytest.raises(InputError, match="base image"):
        yard.build()


@pytest.mark.parametrize("digest", [OUTSIDE, "sha512:00", "", 7, f"sha256:{'0' * 64}/../x"])
def test_a_layer_s_digest_names_no_file_outside_of_the_store(odd: OddRegistry, yard: Yard, digest: Any) -> None:
    outside = yard.folder / "outside"
    outside.write_bytes(layer())
    whole(odd, MANIFEST, "3.13", layers=[{"mediaType": LAYER, "digest": digest, "size": outside.stat().st_size}])
    with pytest.raises(InputError, match="not the SHA-256 digest of anything"):
        yard.build()
    assert not (yard.folder / "outside.json").exists()


def test_a_shell_that_the_base_chose_runs_the_command(odd: OddRegistry, yard: Yard) -> None:
    whole(odd, MANIFEST, "3.13", shell=["/bin/bash", "-lc"])
    (yard.root / "Dockerfile").write_text(f"FROM {odd.host}/base/python:3.13\nCOPY . /app/\nCMD python /app/main.py\n")
    config = json.loads(yard.blobs.read(yard.build().config.digest))["config"]
    assert config["Cmd"] == ["/bin/bash", "-lc", "python /app/main.py"]


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_damaged_blob_of_the_base_is_fetched_anew(odd: OddRegistry, yard: Yard, harm: str) -> None:
    whole(odd, MANIFEST, "3.13")
    first = yard.build()
    for digest in odd.blobs:
        damage(yard.blobs.path(digest), harm)
    (yard.root / "main.py").write_text("answer = 2\n")
    second = built_in_the_end(yard)
    assert second.below == first.below
    yard.builder().save(yard.work, yard.folder / "image.tar") if harm == "cut" else saved_in_the_end(yard)
    with tarfile.open(yard.folder / "image.tar") as tar:
        for digest in second.blobs:
            file = tar.extractfile(f"blobs/{digest.replace(':', '/')}")
            assert file
            assert f"sha256:{hashlib.sha256(file.read()).hexdigest()}" == digest


def damage(path: Path, harm: str) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] if harm == "cut" else bytes([content[0] ^ 1]) + content[1:])


def built_in_the_end(yard: Yard) -> Any:
    """What is damaged is told and removed, so that the next one goes."""
    for _ in range(4):
        try:
            return yard.build()
        except AgentcoreError as error:
            assert "damaged, and was removed" in error.message  # noqa: PT017
    raise AssertionError("damaged for ever")


def saved_in_the_end(yard: Yard) -> None:
    for _ in range(4):
        try:
            yard.builder().save(yard.work, yard.folder / "image.tar")
        except AgentcoreError as error:
            assert "damaged, and was removed" in error.message  # noqa: PT017
        else:
            return
    raise AssertionError("damaged for ever")
