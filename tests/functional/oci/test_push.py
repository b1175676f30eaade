"""Pushing to a registry that has a bad day: it gets through or says so, and there is never half an image."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.errors import AgentcoreError, CredentialsError, ServiceError
from tests.fakes.registry_proxy import Fault, RegistryProxy
from tests.functional.oci.conftest import Yard, is_whole
from tests.long_cases import always
from tests.registry_server import RegistryServer

LARGE = 2_000_000  # bytes that do not compress
UPLOADS = "/blobs/uploads/"
PLAIN = "/v2/"


@pytest.fixture
def name() -> str:
    """A repository that no other test has."""
    return f"bot-{uuid.uuid4().hex[:8]}:v1"


@pytest.fixture
def large(yard: Yard) -> Yard:
    """What is pushed has a large file of its own, so that no registry has it."""
    (yard.root / "large.bin").write_bytes(
        b"".join(hashlib.sha256(f"{yard.folder}{n}".encode()).digest() for n in range(LARGE // 32))
    )
    return yard


def test_everything_is_there_and_the_second_time_nothing_is_sent(
    large: Yard, proxy: RegistryProxy, registry: RegistryServer, name: str
) -> None:
    built = large.build()
    assert large.push(built, name) == built.digest
    assert is_whole(registry, name)
    proxy.seen.clear()
    assert large.push(built, name) == built.digest
    repository, _, tag = name.partition(":")
    assert {request for request in proxy.seen if request[1] != PLAIN} == {("HEAD", f"/v2/{repository}/manifests/{tag}")}


def test_one_line_of_code_sends_its_layer_alone(large: Yard, proxy: RegistryProxy, name: str) -> None:
    (large.root / "requirements.txt").write_text("six==1.17.0\n")
    large.push(large.build(requirements="requirements.txt"), name)
    (large.root / "main.py").write_text("answer = 2\n")
    before, built = proxy.received, large.build(requirements="requirements.txt")
    large.push(built, name)
    assert proxy.received - before <= built.added[-1].size + 20_000


FAULTS = {
    "401 midway": [Fault("PATCH", UPLOADS, 401, {"WWW-Authenticate": 'Basic realm="here"'})],
    "429 with Retry-After": [Fault("POST", UPLOADS, 429, {"Retry-After": "0"}, count=2)],
    "429 with a date": [Fault("POST", UPLOADS, 429, {"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}, count=2)],
    "429 with nonsense": [Fault("HEAD", "/blobs/", 429, {"Retry-After": "soon"})],
    "429 of a blob": [Fault("PATCH", UPLOADS, 429, {"Retry-After": "0"}, above=LARGE)],
    "500 of a look": [Fault("HEAD", "/blobs/", 500)],
    "500 of an upload": [Fault("PATCH", UPLOADS, 500, count=2)],
    "503 at its end": [Fault("PUT", UPLOADS, 503)],
    "500 of the manifest": [Fault("PUT", "/manifests/", 500)],
    "reset in the middle": [Fault("PATCH", UPLOADS, breaks_after=1_000_000, above=LARGE)],
    "reset twice": [Fault("PATCH", UPLOADS, breaks_after=700_000, above=700_000, count=2)],
    "answer of a piece lost": [Fault("PATCH", UPLOADS, loses_answer=True)],
    "answer of the end lost": [Fault("PUT", UPLOADS, loses_answer=True)],
    "answer of the manifest lost": [Fault("PUT", "/manifests/", loses_answer=True)],
    "upload forgotten": [Fault("PATCH", UPLOADS, 500), Fault("GET", UPLOADS, 404)],
    "too large for one request": [Fault("PATCH", UPLOADS, 413, above=LARGE)],
}


OFTEN = ("401 midway", "reset in the middle", "answer of the manifest lost")


@pytest.mark.parametrize("faults", always(*OFTEN, of=FAULTS))
def test_it_gets_through(
    large: Yard,
    proxy: RegistryProxy,
    registry: RegistryServer,
    name: str,
    faults: list[Fault],
) -> None:
    built = large.build()
    proxy.faults = [replace(fault) for fault in faults]
    assert large.push(built, name) == built.digest
    assert is_whole(registry, name)
    assert not any(fault.count for fault in proxy.faults)


@pytest.mark.parametrize("locations", ["relative", "elsewhere"])
def test_an_upload_goes_on_where_the_registry_says(
    large: Yard, proxy: RegistryProxy, registry: RegistryServer, name: str, locations: str
) -> None:
    built = large.build()
    proxy.locations = locations
    large.push(built, name)
    assert is_whole(registry, name)


def test_what_arrived_before_a_reset_is_not_sent_again(large: Yard, proxy: RegistryProxy, name: str) -> None:
    built = large.build()
    proxy.faults = [Fault("PATCH", UPLOADS, breaks_after=1_500_000, above=LARGE)]
    large.push(built, name)
    assert proxy.requests("GET", UPLOADS)
    assert proxy.received < sum(layer.size for layer in built.layers) + LARGE


SAID = {
    "a wrong digest of a blob": (
        Fault("PUT", UPLOADS, headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}),
        "expected sha256:",
    ),
    "a wrong digest of the manifest": (
        Fault("PUT", "/manifests/", headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}),
        "expected sha256:",
    ),
    "refused": (Fault("POST", UPLOADS, 403, count=99), "HTTP 403"),
    "not let in": (Fault("POST", UPLOADS, 401, {"WWW-Authenticate": 'Basic realm="here"'}, count=99), "let us in"),
    "of no kind that we have": (Fault("POST", UPLOADS, 401, {"WWW-Authenticate": "Negotiate"}, count=99), "let us in"),
    "a full disk": (Fault("PUT", UPLOADS, 507), "HTTP 507"),
}


@pytest.mark.parametrize(("fault", "message"), always("a wrong digest of a blob", "refused", of=SAID))
def test_what_does_not_get_through_is_said_and_leaves_no_tag(
    large: Yard, proxy: RegistryProxy, registry: RegistryServer, name: str, fault: Fault, message: str
) -> None:
    built = large.build()
    proxy.faults = [replace(fault)]
    with pytest.raises(AgentcoreError, match=message) as caught:
        large.push(built, name)
    if "/manifests/" not in fault.path:
        assert registry.tags(name.partition(":")[0]) == []
    assert isinstance(caught.value, CredentialsError) == (fault.status in (401, 403))
    proxy.faults = []
    assert large.push(built, name) == built.digest


def test_an_interrupted_push_stops_and_leaves_no_tag(large: Yard, registry: RegistryServer, name: str) -> None:
    built = large.build()
    large.work.stops = True
    with pytest.raises(AgentcoreError, match="interrupted"):
        large.push(built, name)
    assert registry.tags(name.partition(":")[0]) == []


def test_a_blob_of_another_repository_is_mounted(
    large: Yard, proxy: RegistryProxy, registry: RegistryServer, name: str
) -> None:
    built = large.build()
    large.push(built, name)
    before = proxy.received
    large.push(built, f"other-{name}")
    assert is_whole(registry, f"other-{name}")
    assert proxy.received == before
    assert proxy.requests("POST", "mount=")


def test_where_nothing_is_mounted_it_is_sent(
    large: Yard, proxy: RegistryProxy, registry: RegistryServer, name: str
) -> None:
    built = large.build()
    large.push(built, name)
    proxy.faults = [Fault("POST", "mount=", 202, {"Location": f"{PLAIN}nowhere"}, count=99)]
    large.push(built, f"other-{name}")
    assert is_whole(registry, f"other-{name}")


def test_layers_of_the_base_that_were_pruned_are_fetched_again(
    large: Yard, registry: RegistryServer, name: str, tmp_path: Path
) -> None:
    built = large.build()
    for layer in built.below:
        Blobs(tmp_path / "layers").path(layer.digest).unlink()
    large.blobs.write_note("places", built.below[0].digest.removeprefix("sha256:"), [])
    large.push(built, name)
    assert is_whole(registry, name)


BAD_FETCHES = {
    "cut off": [Fault("GET", "/blobs/", truncates=100)],
    "busy": [Fault("GET", "/blobs/", 503), Fault("GET", "/manifests/", 429, {"Retry-After": "0"})],
    "cut off in the manifest": [Fault("GET", "/manifests/", 500)],
}


@pytest.mark.parametrize("faults", BAD_FETCHES.values(), ids=BAD_FETCHES.keys())
def test_a_base_image_comes_whole(yard: Yard, proxy: RegistryProxy, faults: list[Fault]) -> None:
    expected = yard.build().digest
    other = replace(yard, folder=yard.folder / "other")
    other.folder.mkdir()
    yard.root.rename(other.root)
    proxy.faults = [replace(fault) for fault in faults]
    assert other.build().digest == expected


@pytest.mark.long
def test_a_registry_that_is_not_there_is_told(yard: Yard) -> None:
    with pytest.raises(AgentcoreError, match="base image localhost:1/base:1: localhost:1"):
        yard.build(base_image="localhost:1/base:1")


def test_a_base_image_that_is_not_there_is_told(yard: Yard) -> None:
    with pytest.raises(AgentcoreError, match=r"base image .*/nothing:1") as caught:
        yard.build(base_image=f"{yard.host}/nothing:1")
    assert not isinstance(caught.value, ServiceError)
