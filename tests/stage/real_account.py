"""The caller's own AWS account, for `make test-aws`: what is there of an agent, and the images in its ECR."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True, slots=True)
class RealAccount:
    """boto3 with the caller's own credentials and region, as the commands under test use them."""

    iam: Any
    ecr: Any
    logs: Any
    control: Any

    def inventory(self, agent: str) -> dict[str, list[str]]:
        """The names that hold `agent`, in lower case, by kind: what else is there may change meanwhile."""
        pages = {
            "roles": self._names(self.iam, "list_roles", "Roles", "RoleName"),
            "repositories": self._names(self.ecr, "describe_repositories", "repositories", "repositoryName"),
            "runtimes": self._names(self.control, "list_agent_runtimes", "agentRuntimes", "agentRuntimeName"),
            "log groups": self._names(self.logs, "describe_log_groups", "logGroups", "logGroupName"),
        }
        return {kind: sorted(name for name in names if agent in name.lower()) for kind, names in pages.items()}

    def image_manifest(self, repository: str, digest: str) -> bytes:
        (image,) = self.ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])["images"]
        manifest: str = image["imageManifest"]
        return manifest.encode()

    def blob(self, repository: str, digest: str) -> bytes:
        answer = self.ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)
        with urllib.request.urlopen(answer["downloadUrl"], timeout=60) as response:
            content: bytes = response.read()
        return content

    @staticmethod
    def _names(client: Any, operation: str, key: str, name: str) -> list[str]:
        return [item[name] for page in client.get_paginator(operation).paginate() for item in page[key]]


@contextmanager
def real_account() -> Iterator[RealAccount]:
    session = boto3.Session()
    names = ("iam", "ecr", "logs", "bedrock-agentcore-control")
    clients = [session.client(name) for name in names]
    try:
        yield RealAccount(*clients)
    finally:
        for client in clients:
            client.close()
