"""What is in an image and how it came to be, told besides it: the documents, where they are found, and when."""

from __future__ import annotations

import hashlib
import json
import tarfile
import uuid
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import AgentcoreError
from tests.fakes.registry_proxy import Fault, RegistryProxy
from tests.functional.oci.conftest import Yard, attestations_of
from tests.long_cases import always
from tests.registry_server import RegistryServer

SPDX, IN_TOTO = "application/spdx+json", "application/vnd.in-toto+json"


@pytest.fixture
def name() -> str:
    return f"told-{uuid.uuid4().hex[:8]}:v1"


@pytest.fixture
def packaged(yard: Yard) -> Yard:
    (yard.root / "requirements.txt").write_text("six==1.17.0\n")
    return yard


def documents(yard: Yard) -> dict[str, Any]:
    built = yard.builder(attests=True, requirements="requirements.txt").build(yard.work)
    return {each.kind: json.loads(yard.blobs.read(each.document.digest)) for each in built.attestations}


def test_each_package_is_there_with_version_licence_and_checksum(packaged: Yard) -> None:
    (six,) = [each for each in documents(packaged)[SPDX]["packages"] if each["name"] == "six"]
    assert six["externalRefs"][0]["referenceLocator"] == "pkg:pypi/six@1.17.0"
    assert (six["versionInfo"], six["licenseDeclared"]) == ("1.17.0", "MIT")
    (record,) = packaged.folder.glob("cache/*/six-1.17.0.dist-info/RECORD")
    assert six["checksums"][0]["checksumValue"] == hashlib.sha256(record.read_bytes()).hexdigest()
    assert six["packageFileName"] == "/opt/packages/six-1.17.0.dist-info/RECORD"


def test_image_and_base_are_named_by_their_digests(packaged: Yard, registry: RegistryServer) -> None:
    told = documents(packaged)
    built = packaged.build(requirements="requirements.txt")
    _, base = registry.ask("/v2/base/python/manifests/3.13")
    digests = [built.digest, f"sha256:{hashlib.sha256(base).hexdigest()}"]
    assert [each["versionInfo"] for each in told[SPDX]["packages"][:2]] == digests
    assert told[IN_TOTO]["subject"] == [{"name": "bot", "digest": {"sha256": digests[0].removeprefix("sha256:")}}]
    materials = told[IN_TOTO]["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert materials[0]["digest"]["sha256"] == digests[1].removeprefix("sha256:")
    assert {"uri": "pkg:pypi/six@1.17.0"} in materials


def test_without_packages_there_is_the_base_alone(yard: Yard) -> None:
    built = yard.builder(attests=True).build(yard.work)
    (spdx, _) = built.attestations
    names = [each["name"] for each in json.loads(yard.blobs.read(spdx.document.digest))["packages"]]
    assert names == ["bot", f"{yard.host}/base/python"]


def test_the_image_is_the_same_with_and_without(packaged: Yard) -> None:
    with_them, without = (packaged.builder(attests=each, requirements="requirements.txt") for each in (True, False))
    assert with_them.build(packaged.work).digest == without.build(packaged.work).digest
    assert with_them.tag != without.tag
    assert with_them.build(packaged.work) == with_them.build(packaged.work)
    assert without.build(packaged.work).attestations == ()


LICENCES = {
    "an expression": ("License-Expression: mit OR apache-2.0", {"licenseDeclared": "MIT OR Apache-2.0"}),
    "the old field": ("License: BSD-3-Clause", {"licenseDeclared": "BSD-3-Clause"}),
    "words": ("License: Dual License", {"licenseDeclared": "NOASSERTION", "licenseComments": "Dual License"}),
    "a whole text": (f"License: {'word ' * 100}", {"licenseDeclared": "NOASSERTION"}),
    "one of its own": ("License-Expression: LicenseRef-Own", {"licenseComments": "LicenseRef-Own"}),
    "a classifier": (
        "Classifier: License :: OSI Approved :: BSD License",
        {"licenseDeclared": "NOASSERTION", "licenseComments": "License :: OSI Approved :: BSD License"},
    ),
    "nothing": ("Summary: none", {"licenseDeclared": "NOASSERTION"}),
}


@pytest.mark.parametrize(("line", "expected"), always("an expression", "a whole text", of=LICENCES))
def test_a_licence_is_told_as_far_as_it_is_known(packaged: Yard, line: str, expected: dict[str, str]) -> None:
    packaged.build(requirements="requirements.txt")
    (metadata,) = packaged.folder.glob("cache/*/six-1.17.0.dist-info/METADATA")
    metadata.unlink()  # it may be a link into the cache of others
    metadata.write_text(f"Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\n{line}\n")
    (six,) = [each for each in documents(packaged)[SPDX]["packages"] if each["name"] == "six"]
    assert {key: value for key, value in six.items() if key in ("licenseDeclared", "licenseComments")} == {
        "licenseDeclared": "NOASSERTION",
        **expected,
    }


def push(yard: Yard, name: str) -> str:
    return yard.push(yard.builder(attests=True).build(yard.work), name)


def test_a_registry_without_the_api_gets_a_list_and_the_second_push_adds_nothing(
    yard: Yard, registry: RegistryServer, proxy: RegistryProxy, name: str
) -> None:
    push(yard, name)
    assert attestations_of(registry, name).keys() == {SPDX, IN_TOTO}
    proxy.seen.clear()
    push(yard, name)
    assert not proxy.requests("POST", "/blobs/uploads/")
    assert not proxy.requests("PUT", "/manifests/sha256-")


def test_one_with_the_api_gets_none(yard: Yard, registry: RegistryServer, proxy: RegistryProxy, name: str) -> None:
    proxy.faults = [Fault("PUT", "/manifests/", headers={"OCI-Subject": "sha256:0"}, count=9)]
    digest = push(yard, name)
    assert registry.tags(name.partition(":")[0]) == ["v1"]
    assert registry.manifest(name.partition(":")[0], digest) is not None


def test_until_they_are_there_there_is_no_tag(
    yard: Yard, registry: RegistryServer, proxy: RegistryProxy, name: str
) -> None:
    built = yard.builder(attests=True).build(yard.work)
    proxy.faults = [Fault("PUT", f"/manifests/{built.attestations[1].digest}", 403)]
    with pytest.raises(AgentcoreError, match="HTTP 403"):
        yard.push(built, name)
    assert "v1" not in registry.tags(name.partition(":")[0])


def test_an_archive_has_them(yard: Yard, tmp_path: Path) -> None:
    built = yard.builder(attests=True).save(yard.work, tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as tar:
        index = json.load(tar.extractfile("index.json"))  # type: ignore[arg-type]
        names = set(tar.getnames())
    assert [each.get("artifactType") for each in index["manifests"]] == [None, SPDX, IN_TOTO]
    assert {each["digest"] for each in index["manifests"]} == {built.digest, *(a.digest for a in built.attestations)}
    assert {f"blobs/{digest.replace(':', '/')}" for digest in built.blobs} <= names
