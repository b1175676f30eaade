"""Two registries over TLS: one poses as an account's ECR, the other as public.ecr.aws and serves the base image.

Both are Debian's docker-registry on port 443 of loopback addresses of their own. The first asks for the token that
moto's ECR hands out, which is a constant; the second is open to all, as its original.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import bcrypt

from tests.stage import processes
from tests.stage.base_image import INDEX_TYPE, MANIFEST_TYPE, REPOSITORY, TAG, BaseImage
from tests.stage.certificates import Authority

ACCOUNT: Final = "123456789012"
REGION: Final = "us-west-2"
ECR: Final = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
PUBLIC: Final = "public.ecr.aws"
TOKEN: Final = f"{ACCOUNT}-auth-token"  # what moto's GetAuthorizationToken gives for us-west-2
ADDRESSES: Final[Mapping[str, str]] = {ECR: "127.0.0.1", PUBLIC: "127.0.0.2"}
_TYPES: Final = ", ".join(
    (
        MANIFEST_TYPE,
        INDEX_TYPE,
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry as its HTTP API shows it, by name; `authority` is the file of the authority it is trusted by."""

    host: str
    authority: Path

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request to `path`, which may be a whole URL as registries give in Location."""
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPSConnection(self.host, context=context, timeout=60)
        parts = urlsplit(path)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            connection.request(method, target, body, {"Accept": _TYPES, **self._credentials(), **(headers or {})})
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def repositories(self) -> list[str]:
        """The repositories that hold a tag; one that was emptied keeps its name in the registry."""
        names = self.ask("GET", "/v2/_catalog?n=1000").json()["repositories"]
        return [name for name in names if self.tags(name)]

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository, none when there is no such repository."""
        answer = self.ask("GET", f"/v2/{repository}/tags/list")
        return sorted(answer.json()["tags"] or []) if answer.status == 200 else []

    def manifest(self, repository: str, reference: str) -> Answer:
        """The manifest of a tag or digest, as it lies there; its digest is the header `docker-content-digest`."""
        return self.ask("GET", f"/v2/{repository}/manifests/{reference}")

    def image_manifest(self, repository: str, digest: str) -> bytes:
        """The manifest of an image that must be there."""
        answer = self.manifest(repository, digest)
        if answer.status != 200:
            raise LookupError(f"{self.host}/{repository}@{digest}: {answer.status}")
        return answer.body

    def blob(self, repository: str, digest: str) -> bytes:
        return self.ask("GET", f"/v2/{repository}/blobs/{digest}").body

    def delete(self, repository: str, digest: str) -> None:
        """Remove a manifest and the tags that name it."""
        self.ask("DELETE", f"/v2/{repository}/manifests/{digest}")

    def put_manifest(self, repository: str, reference: str, media_type: str, manifest: bytes) -> str:
        """Store a manifest whose blobs are there; gives its digest."""
        path = f"/v2/{repository}/manifests/{reference}"
        return self._accepted(self.ask("PUT", path, manifest, {"Content-Type": media_type}), "docker-content-digest")

    def put_blob(self, repository: str, digest: str, content: bytes) -> None:
        if self.ask("HEAD", f"/v2/{repository}/blobs/{digest}").status == 200:
            return
        location = self._accepted(self.ask("POST", f"/v2/{repository}/blobs/uploads/"), "location")
        headers = {"Content-Type": "application/octet-stream"}
        self._accepted(self.ask("PUT", f"{location}&digest={digest}", content, headers), "location")

    def publish(self, image: BaseImage) -> None:
        """Serve the base image under the name that Dockerfiles know it by."""
        manifest = json.loads(image.manifest)
        for blob, described in zip(image.blobs, (*manifest["layers"], manifest["config"]), strict=True):
            self.put_blob(REPOSITORY, described["digest"], blob.read_bytes())
        self.put_manifest(REPOSITORY, _digest_of_only(image.index), MANIFEST_TYPE, image.manifest)
        self.put_manifest(REPOSITORY, TAG, INDEX_TYPE, image.index)

    def _credentials(self) -> dict[str, str]:
        if self.host != ECR:
            return {}
        return {"Authorization": "Basic " + base64.b64encode(f"AWS:{TOKEN}".encode()).decode()}

    def _accepted(self, answer: Answer, header: str) -> str:
        if answer.status not in (201, 202):
            raise RuntimeError(f"{self.host}: {answer.status}: {answer.body.decode(errors='replace')}")
        return answer.headers[header]


def start(folder: Path, trust: Path) -> None:
    """Start both; `trust` is where the engine looks for authorities, /etc/docker/certs.d."""
    authority = Authority()
    authority.write_certificate(authority_file(folder))
    for host, address in ADDRESSES.items():
        certificate, key = folder / f"{host}.crt", folder / f"{host}.key"
        authority.issue([host], certificate, key)
        (trust / host).mkdir(parents=True, exist_ok=True)
        authority.write_certificate(trust / host / "ca.crt")
        (folder / f"{host}.yml").write_text(json.dumps(_configuration(folder, host, address)))  # JSON is YAML
        command: list[str | Path] = ["docker-registry", "serve", folder / f"{host}.yml"]
        processes.start(host, command, folder, partial(_is_up, folder, host))


def stop(folder: Path, trust: Path) -> None:
    for host in ADDRESSES:
        processes.stop(host, folder)
        (trust / host / "ca.crt").unlink(missing_ok=True)
        if (trust / host).is_dir():
            (trust / host).rmdir()


def authority_file(folder: Path) -> Path:
    return folder / "authority.crt"


def _configuration(folder: Path, host: str, address: str) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "version": "0.1",
        "log": {"accesslog": {"disabled": True}, "level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / f"{host}.data")},
            "delete": {"enabled": True},
            "cache": {"blobdescriptor": "inmemory"},
        },
        "http": {
            "addr": f"{address}:443",
            "host": f"https://{host}",
            "tls": {"certificate": str(folder / f"{host}.crt"), "key": str(folder / f"{host}.key")},
        },
    }
    if host == ECR:
        hashed = bcrypt.hashpw(TOKEN.encode(), bcrypt.gensalt(4)).decode()
        (folder / "htpasswd").write_text(f"AWS:{hashed}\n")
        configuration["auth"] = {"htpasswd": {"realm": "ecr", "path": str(folder / "htpasswd")}}
    return configuration


def _is_up(folder: Path, host: str) -> bool:
    try:
        return Registry(host, authority_file(folder)).ask("GET", "/v2/").status == 200
    except OSError:
        return False


def _digest_of_only(index: bytes) -> str:
    digest: str = json.loads(index)["manifests"][0]["digest"]
    return digest
