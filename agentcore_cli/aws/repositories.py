"""ECR: repositories, their settings and tags, the images in them, and the token for a push (`ecr`).

CreateRepository knows no client token: repeated after a lost answer it says that the repository exists, a ConflictError
here, and who made it is told by its tags. `registry` is the account that a repository is in; None: the caller's own.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli import certificates
from agentcore_cli.aws.service import AwsService, tag_list
from agentcore_cli.errors import NotFoundError, ServiceError

_DOWNLOAD_SECONDS: Final = 30.0
_BLOB_MAX: Final = 4 * 1024**2  # bytes; a config has a few thousand
_MANIFESTS: Final = (  # BatchGetImage turns what is not among them into something else
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
)


@dataclass(frozen=True, slots=True)
class RepositoryDescription:
    """`encryption` is AES256, KMS or KMS_DSSE, `key` the KMS key's ARN; `created_at` tells it from a later namesake."""

    name: str
    arn: str
    uri: str
    created_at: str
    tag_mutability: str
    scan_on_push: bool
    encryption: str
    key: str | None


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """`digest` is that of the manifest, `sha256:…`; `size` is in bytes, compressed."""

    digest: str
    tags: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image's manifest or index as it was pushed; `digest` is its own, `content` the JSON object."""

    digest: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a push or pull signs in with: `registry` is a host name, `expires_at` ISO 8601 (12 hours ahead)."""

    user: str
    registry: str
    expires_at: str
    password: str = field(repr=False)


class Repositories(AwsService):
    service = "ecr"

    def get(self, name: str, registry: str | None = None) -> RepositoryDescription | None:
        answer = self._if_there("describe_repositories", repositoryNames=[name], **_of(registry))
        return _read(answer["repositories"][0]) if answer else None

    def create(
        self, name: str, *, tag_mutability: str, scan_on_push: bool, key: str | None, tags: Mapping[str, str]
    ) -> RepositoryDescription:
        """`key` is a KMS key's ARN; None: AES256. Raises ConflictError when there is one of this name."""
        encryption = {"encryptionType": "KMS", "kmsKey": key} if key else {"encryptionType": "AES256"}
        answer = self._call(
            "create_repository",
            repositoryName=name,
            tags=tag_list(tags),
            imageTagMutability=tag_mutability,
            imageScanningConfiguration={"scanOnPush": scan_on_push},
            encryptionConfiguration=encryption,
        )
        return _read(answer["repository"])

    def delete(self, name: str) -> None:
        """DeleteRepository with all its images; gone already is as good."""
        self._if_there("delete_repository", repositoryName=name, force=True)

    def set_tag_mutability(self, name: str, tag_mutability: str) -> None:
        self._call("put_image_tag_mutability", repositoryName=name, imageTagMutability=tag_mutability)

    def set_scan_on_push(self, name: str, scan_on_push: bool) -> None:
        scanning = {"scanOnPush": scan_on_push}
        self._call("put_image_scanning_configuration", repositoryName=name, imageScanningConfiguration=scanning)

    def lifecycle(self, name: str) -> Mapping[str, Any] | None:
        """The lifecycle policy's document."""
        answer = self._if_there("get_lifecycle_policy", repositoryName=name)
        document: Mapping[str, Any] | None = json.loads(answer["lifecyclePolicyText"]) if answer else None
        return document

    def set_lifecycle(self, name: str, document: Mapping[str, Any]) -> None:
        self._call("put_lifecycle_policy", repositoryName=name, lifecyclePolicyText=json.dumps(document))

    def tags(self, arn: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._call("list_tags_for_resource", resourceArn=arn)["tags"]}

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._call("tag_resource", resourceArn=arn, tags=tag_list(tags))

    def untag(self, arn: str, keys: Collection[str]) -> None:
        self._call("untag_resource", resourceArn=arn, tagKeys=sorted(keys))

    def image(
        self, name: str, *, tag: str | None = None, digest: str | None = None, registry: str | None = None
    ) -> ImageDescription | None:
        """The image with this tag or digest; None too when the repository is not there."""
        wanted = {"imageTag": tag} if tag else {"imageDigest": digest}
        found = self._images(name, [wanted], registry)
        return found[0] if found else None

    def images(self, name: str, registry: str | None = None) -> list[ImageDescription]:
        return self._images(name, None, registry)

    def manifest(
        self, name: str, *, tag: str | None = None, digest: str | None = None, registry: str | None = None
    ) -> Manifest | None:
        """The manifest with this tag or digest; None too when the repository is not there."""
        wanted = {"imageTag": tag} if tag else {"imageDigest": digest}
        kinds = {"acceptedMediaTypes": list(_MANIFESTS)}
        answer = self._if_there("batch_get_image", repositoryName=name, imageIds=[wanted], **kinds, **_of(registry))
        if answer is None or not answer["images"]:
            return None
        found = answer["images"][0]
        return Manifest(found["imageId"]["imageDigest"], json.loads(found["imageManifest"]))

    def blob(self, name: str, digest: str, *, registry: str | None = None) -> bytes:
        """A small part of an image, as its config. Raises ServiceError when S3, which keeps it, is out of reach."""
        answer = self._call("get_download_url_for_layer", repositoryName=name, layerDigest=digest, **_of(registry))
        try:
            with urllib.request.urlopen(
                answer["downloadUrl"], timeout=_DOWNLOAD_SECONDS, context=certificates.trusted()
            ) as content:
                data: bytes = content.read(_BLOB_MAX)
        except OSError as error:  # never with its address: that is signed
            raise ServiceError(f"{name}@{digest}: can't be fetched: {error}", hint="check the network") from None
        return data

    def authorization(self) -> Authorization:
        """A token for the registries of the region that the caller may use, for 12 hours."""
        data = self._call("get_authorization_token")["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        host = data["proxyEndpoint"].partition("://")[2]
        return Authorization(user, host, data["expiresAt"].isoformat(), password)

    def _images(
        self, name: str, ids: Sequence[Mapping[str, Any]] | None, registry: str | None
    ) -> list[ImageDescription]:
        chosen = {"imageIds": list(ids)} if ids else {}
        try:
            items = self._pages("describe_images", "imageDetails", repositoryName=name, **chosen, **_of(registry))
        except NotFoundError:
            return []
        return [
            ImageDescription(i["imageDigest"], tuple(i.get("imageTags", ())), i.get("imageSizeInBytes", 0))
            for i in items
        ]


def _of(registry: str | None) -> dict[str, str]:
    return {"registryId": registry} if registry else {}


def _read(repository: Mapping[str, Any]) -> RepositoryDescription:
    encryption = repository.get("encryptionConfiguration", {})
    return RepositoryDescription(
        name=repository["repositoryName"],
        arn=repository["repositoryArn"],
        uri=repository["repositoryUri"],
        created_at=repository["createdAt"].isoformat(),
        tag_mutability=repository["imageTagMutability"],
        scan_on_push=repository.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=encryption.get("encryptionType", "AES256"),
        key=encryption.get("kmsKey"),
    )
