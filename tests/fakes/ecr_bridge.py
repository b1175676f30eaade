"""Makes moto's ECR know what was pushed to the registry that poses as ECR, and the registry what moto's ECR deletes."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import Any, Final, Protocol

from tests.fakes.aws_answers import Answer
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward
from tests.stand_ins import boto3_client

LAYERS: Final = "layers-of-ecr"
_ABOUT_IMAGES = frozenset({"DescribeImages", "ListImages", "BatchGetImage", "BatchDeleteImage", "DeleteRepository"})


class Manifest(Protocol):
    @property
    def headers(self) -> Any: ...

    @property
    def body(self) -> bytes: ...


class Pushed(Protocol):
    """A registry's HTTP API."""

    def tags(self, repository: str) -> list[str]: ...

    def manifest(self, repository: str, reference: str) -> Manifest: ...

    def blob(self, repository: str, digest: str) -> bytes: ...

    def delete(self, repository: str, digest: str) -> None: ...


class EcrBridge:
    """A handler for the proxy. Before a call about images it puts into moto what the registry holds by now.

    moto reports the config's size as the image's; here it is the sum of the layers, as in ECR. moto has no
    GetDownloadUrlForLayer; here it gives a signed URL of moto's S3, where ECR keeps layers, too.
    """

    def __init__(self, registry: Pushed, moto: str) -> None:
        self._registry = registry
        self._ecr, self._s3 = boto3_client("ecr", moto), boto3_client("s3", moto)
        self._lock = threading.Lock()

    def close(self) -> None:
        self._ecr.close()
        self._s3.close()

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        if call.operation == "GetDownloadUrlForLayer":
            return self._layer(call, json.loads(request.body))
        if call.operation not in _ABOUT_IMAGES:
            return forward(request)
        repository = json.loads(request.body)["repositoryName"]
        with self._lock:
            before = self._bring_over(repository)
            answer = forward(request)
            if call.operation in ("BatchDeleteImage", "DeleteRepository"):
                self._take_away(repository, before)
        return _with_sizes(answer, before) if call.operation == "DescribeImages" else answer

    def _layer(self, call: Call, asked: dict[str, str]) -> Answer:
        digest = asked["layerDigest"]
        content = self._registry.blob(asked["repositoryName"], digest)
        with suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            self._s3.create_bucket(Bucket=LAYERS, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        self._s3.put_object(Bucket=LAYERS, Key=digest, Body=content)
        url = self._s3.generate_presigned_url("get_object", {"Bucket": LAYERS, "Key": digest})
        answer = {"downloadUrl": url, "layerDigest": digest}
        return Answer(200, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def _bring_over(self, repository: str) -> dict[str, bytes]:
        """Every manifest of the repository by digest; those that moto lacks are put into it."""
        there = self._known(repository)
        pushed: dict[str, bytes] = {}
        if there is None:
            return pushed
        for tag in self._registry.tags(repository):
            manifest = self._registry.manifest(repository, tag)
            digest, content = manifest.headers["docker-content-digest"], manifest.body
            pushed[digest] = content
            if (digest, tag) not in there:
                names = {"repositoryName": repository, "imageTag": tag, "imageDigest": digest}
                self._ecr.put_image(**names, imageManifest=content.decode())
        return pushed

    def _known(self, repository: str) -> set[tuple[str, str]] | None:
        """Digest and tag of what moto has; None when it has no such repository."""
        try:
            listed = self._ecr.list_images(repositoryName=repository)["imageIds"]
        except self._ecr.exceptions.RepositoryNotFoundException:
            return None
        return {(image["imageDigest"], image.get("imageTag", "")) for image in listed}

    def _take_away(self, repository: str, before: dict[str, bytes]) -> None:
        kept = {digest for digest, _ in self._known(repository) or set()}
        for digest in before.keys() - kept:
            self._registry.delete(repository, digest)


def _with_sizes(answer: Answer | None, manifests: dict[str, bytes]) -> Answer | None:
    if answer is None or answer.status != 200:
        return answer
    content = json.loads(answer.body)
    for image in content["imageDetails"]:
        if (manifest := manifests.get(image["imageDigest"])) is not None:
            image["imageSizeInBytes"] = sum(layer["size"] for layer in json.loads(manifest).get("layers", ()))
    return Answer(200, json.dumps(content).encode(), answer.headers)
