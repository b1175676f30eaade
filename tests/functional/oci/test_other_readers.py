"""skopeo and podman read what was pushed and what was written, and find the image that we made."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.builders.oci.image import OciImage
from tests.functional.oci.conftest import SIGN_IN, Yard

pytestmark = pytest.mark.timeout(300)


def run(program: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What it prints; the test is left out where it is not installed."""
    if shutil.which(program) is None:
        required = os.environ.get("AGENTCORE_E2E") == "required"
        (pytest.fail if required else pytest.skip)(f"{program} is not installed: apt-get install {program}")
    command = [program, *arguments]
    ran = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def login(yard: Yard) -> str:
    """The file of a login, as `docker login` writes it."""
    path = yard.folder / "login.json"
    user = base64.b64encode(f"{SIGN_IN.user}:{SIGN_IN.password}".encode()).decode()
    path.write_text(json.dumps({"auths": {yard.host: {"auth": user}}}))
    return str(path)


@pytest.fixture
def podman(tmp_path: Path) -> dict[str, str]:
    """A storage of its own, on any file system."""
    if os.geteuid() != 0:
        pytest.skip("podman's plain storage (vfs) of images of other users' files needs root")
    path = tmp_path / "storage.conf"
    path.write_text(
        f'[storage]\ndriver="vfs"\nrunroot="{tmp_path}/run-of-podman"\ngraphroot="{tmp_path}/images-of-podman"\n'
    )
    return {"CONTAINERS_STORAGE_CONF": str(path)}


def saved(yard: Yard, *, attests: bool = False) -> tuple[OciImage, Path, str]:
    """The image, its archive and its tag in it."""
    builder, file = yard.builder(attests=attests), yard.folder / "image.tar"
    return builder.save(yard.work, file), file, builder.tag


def test_skopeo_reads_what_was_pushed(yard: Yard, login: str) -> None:
    built = yard.builder(attests=True).build(yard.work)
    yard.push(built, "readers:v1")
    options = ["--tls-verify=false", "--authfile", login, "--override-arch=arm64"]
    told = json.loads(run("skopeo", "inspect", *options, f"docker://{yard.host}/readers:v1"))
    assert (told["Digest"], told["Architecture"]) == (built.digest, "arm64")
    assert told["Layers"] == [layer.digest for layer in built.layers]


@pytest.mark.parametrize("attests", [False, True], ids=["alone", "with an SBOM"])
def test_skopeo_takes_the_archive(yard: Yard, tmp_path: Path, attests: bool) -> None:
    built, file, tag = saved(yard, attests=attests)
    place = f"oci-archive:{file}:{tag}" if attests else f"oci-archive:{file}"
    run("skopeo", "copy", "--override-arch=arm64", place, f"dir:{tmp_path}/copied")
    assert (tmp_path / "copied" / "manifest.json").read_text() == built.manifest


@pytest.mark.parametrize("attests", [False, True], ids=["alone", "with an SBOM"])
def test_podman_loads_the_archive(yard: Yard, podman: dict[str, str], attests: bool) -> None:
    built, file, _ = saved(yard, attests=attests)
    _, _, name = run("podman", "load", "--input", str(file), environment=podman).strip().rpartition(" ")
    assert found(podman, name)["Id"] == built.config.digest.removeprefix("sha256:")


def test_podman_pulls_what_was_pushed(yard: Yard, podman: dict[str, str], login: str) -> None:
    built, name = yard.build(), f"{yard.host}/readers:v2"
    yard.push(built, "readers:v2")
    run("podman", "pull", "--arch=arm64", "--tls-verify=false", "--authfile", login, name, environment=podman)
    there = found(podman, name)
    assert (there["Digest"], there["Config"]["Cmd"]) == (built.digest, ["python", "main.py"])


def found(podman: dict[str, str], name: str) -> dict[str, Any]:
    (there,) = json.loads(run("podman", "image", "inspect", name, environment=podman))
    whole: dict[str, Any] = there
    return whole
