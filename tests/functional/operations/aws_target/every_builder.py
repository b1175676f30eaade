"""A project that each of the four builders can deploy, where what they push to and build with stands on this machine.

Docker is played by an engine that builds nothing and pushes a name; oci pushes to Debian's docker-registry, which
answers for every name of the real world; what they push ECR knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests import registry_server
from tests.fakes.connect_proxy import ConnectProxy
from tests.fakes.push_engine import PushEngine
from tests.functional.oci.conftest import publish_base
from tests.functional.operations.aws_target.cloud import Cloud, Project, open_cloud
from tests.stage.registry import ECR, Registry
from tests.stand_ins import Moto

BUILDERS = ("docker", "oci", "codebuild", "zip")


@dataclass
class EveryBuilder:
    """`base` is the base image of all of them."""

    cloud: Cloud
    project: Project
    base: str
    engine: PushEngine

    def take(self, builder: str, **settings: str) -> None:
        """Write the config with this builder."""
        self.engine.builds = [[{"stream": "done"}, {"aux": {"ID": "sha256:" + "1" * 64}}]]
        usual = {"build": builder, "python": '"3.13"', "base_image": self.base}
        self.project.configure(image="null", **(usual | settings))

    def artifact(self) -> dict[str, Any]:
        """The newest version's, as AgentCore tells it."""
        client = self.cloud.as_callers_see("bedrock-agentcore-control")
        (item,) = client.list_agent_runtimes()["agentRuntimes"]
        found: dict[str, Any] = client.get_agent_runtime(agentRuntimeId=item["agentRuntimeId"])["agentRuntimeArtifact"]
        return found

    def has(self, artifact: dict[str, Any]) -> bool:
        """Whether AgentCore could fetch it."""
        if code := artifact.get("codeConfiguration"):
            place = code["code"]["s3"]
            there = self.cloud.moto.client("s3").list_object_versions(Bucket=place["bucket"], Prefix=place["prefix"])
            return place["versionId"] in [item["VersionId"] for item in there.get("Versions", ())]
        name, _, digest = artifact["containerConfiguration"]["containerUri"].partition("/")[2].partition("@")
        listed = self.cloud.as_callers_see("ecr").list_images(repositoryName=name.partition(":")[0])["imageIds"]
        return digest in [item["imageDigest"] for item in listed]

    def left(self) -> dict[str, Any]:
        """What is in the account, but for the repository that was there before."""
        client = self.cloud.moto.client
        return {
            "runtimes": self.cloud.runtimes(),
            "roles": self.cloud.roles(),
            "buckets": client("s3").list_buckets()["Buckets"],
            "projects": client("codebuild").list_projects()["projects"],
            "groups": client("logs").describe_log_groups()["logGroups"],
            "repositories": [
                item["repositoryName"]
                for item in client("ecr").describe_repositories()["repositories"]
                if item["repositoryName"].startswith("bedrock-agentcore-")
            ],
        }


NOTHING: dict[str, Any] = {
    "runtimes": {},
    "roles": [],
    "buckets": [],
    "projects": [],
    "groups": [],
    "repositories": [],
}


@contextmanager
def every_builder(
    moto: Moto, server: registry_server.RegistryServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EveryBuilder]:
    """`server` speaks TLS, as ECR's name and as localhost, with the base image in it."""
    assert server.authority
    registry = Registry(server.host, server.authority)
    engine = folder / "engine.sock"
    with (
        open_cloud(moto, folder, registry=registry) as cloud,
        ConnectProxy(int(server.host.rpartition(":")[2])) as proxy,
        PushEngine(engine, []) as docker,
    ):
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AGENTCORE_TARGET"):
            monkeypatch.delenv(name, raising=False)
        surroundings = {
            "AGENTCORE_HOME": str(folder / "home"),
            "AWS_CA_BUNDLE": str(server.authority),
            "DOCKER_CONFIG": str(folder / "no-docker-config"),
            "DOCKER_HOST": f"unix://{engine}",
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "localhost,127.0.0.1",
        }
        for name, value in (cloud.environment | surroundings).items():
            monkeypatch.setenv(name, value)
        docker.registry = lambda name: _pushed(moto, name)
        yield EveryBuilder(cloud, Project.open(folder / "project", cloud), f"{server.host}/base/python:3.13", docker)


def _pushed(moto: Moto, name: str) -> str:
    """ECR has the image that the engine pushed; gives its digest."""
    repository, _, tag = name.partition("/")[2].rpartition(":")
    digest = f"sha256:{sha256(name.encode()).hexdigest()}"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 10},
        "layers": [{"digest": digest, "size": 1000}],
    }
    moto.client("ecr").put_image(
        repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag, imageDigest=digest
    )
    return digest


@contextmanager
def opened_server(folder: Path) -> Iterator[registry_server.RegistryServer]:
    """The server that `every_builder` wants, with the base image in it."""
    if not registry_server.is_installed():
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    with (
        registry_server.running(folder, tls=True, names=("localhost", ECR)) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_CA_BUNDLE", str(server.authority))
        publish_base(folder / "base", server.host, None)
        yield server
