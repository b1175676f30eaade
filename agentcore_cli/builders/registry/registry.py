"""One registry: manifests and blobs, asked for, fetched and put."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from agentcore_cli.builders.registry.access import Credentials, RegistryAccess
from agentcore_cli.builders.registry.transport import Body, LostError, Transport, discard, interruptible
from agentcore_cli.errors import AgentcoreError, ConflictError, DeniedError, InputError, NotFoundError, ServiceError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_MANIFEST_MAX: Final = 4 * 1024**2  # bytes, as the specification asks registries to take
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
_CHUNK: Final = 1024 * 1024
_REFUSALS: Final = 3  # of what we sign in with, for one request: tokens end while it is prepared
_FETCHES: Final = 4


@dataclass(frozen=True, slots=True)
class RegistryManifest:
    """A manifest or index as it lies there."""

    digest: str
    media_type: str
    content: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.content)


class Registry:
    """All calls are safe to make from several threads.

    They raise CredentialsError where it does not let us in, NotFoundError for what is not there, ServiceError for
    every other refusal, AgentcoreError when it is out of reach.
    """

    def __init__(self, host: str, credentials: Credentials, stopping: Callable[[], bool]) -> None:
        self.transport = Transport(host, interruptible(stopping))
        self._access = RegistryAccess(self.transport, credentials)
        self._stopping = stopping

    @property
    def host(self) -> str:
        return self.transport.host

    def close(self) -> None:
        self.transport.close()

    def manifest(self, repository: str, version: str) -> RegistryManifest:
        """By tag or digest. Raises ServiceError when it is not what its digest says."""
        headers = {"Accept": ", ".join(MANIFESTS)}
        answer = self.call("GET", self._url(repository, "manifests", version), pulls(repository), headers)
        self.require(answer, 200, f"{repository}:{version}")
        content = answer.read(_MANIFEST_MAX)
        digest = digest_of(content)
        if version.startswith("sha256:") and version != digest:
            raise self._wrong(version, digest)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        return RegistryManifest(digest, media_type or json.loads(content).get("mediaType", ""), content)

    def digest_of_tag(self, repository: str, tag: str) -> str | None:
        """That of the manifest which a tag names, None where it is not there, or the registry does not say."""
        headers = {"Accept": ", ".join(MANIFESTS)}
        answer = self.call("HEAD", self._url(repository, "manifests", tag), pushes(repository), headers)
        discard(answer)
        return answer.headers.get("Docker-Content-Digest") if answer.status == 200 else None

    def put_manifest(self, repository: str, version: str, media_type: str, content: bytes) -> str:
        """Gives its digest. Raises ConflictError for a tag that is there and may not be moved."""
        self._put_manifest(repository, version, media_type, content)
        return digest_of(content)

    def put_referrer(self, repository: str, media_type: str, content: bytes) -> bool:
        """A manifest with a `subject`; whether the registry itself says what refers to that."""
        answer = self._put_manifest(repository, digest_of(content), media_type, content)
        return "OCI-Subject" in answer.headers

    def has_blob(self, repository: str, digest: str) -> bool:
        answer = self.call("HEAD", self._url(repository, "blobs", digest), pushes(repository))
        discard(answer)
        if answer.status in (200, 404):
            return answer.status == 200
        raise self.failure(answer, digest)

    def blob(self, repository: str, digest: str, size: int) -> Iterator[bytes]:
        """Its bytes as they come; taken up where a connection broke. Raises ServiceError when they are others."""
        seen, length = hashlib.sha256(), 0
        for attempt in range(_FETCHES):
            try:
                for piece in self._pieces(repository, digest, length):
                    if self._stopping():
                        raise AgentcoreError("interrupted")
                    seen.update(piece)
                    length += len(piece)
                    yield piece
            except LostError:
                if attempt == _FETCHES - 1:
                    raise
            if length >= size:
                break
            self.transport.pause(attempt)
        if length != size or f"sha256:{seen.hexdigest()}" != digest:
            raise self._wrong(digest, f"sha256:{seen.hexdigest()}")

    def call(
        self, method: str, url: str, scope: str, headers: Mapping[str, str] | None = None, body: Body = None, **how: Any
    ) -> BaseHTTPResponse:
        """One request with what the registry asks for to let us in, where the URL is its own."""
        for _ in range(_REFUSALS):
            shown = self._access.header(scope) if self.transport.is_ours(url) else None
            whole = {**(headers or {}), **({"Authorization": shown} if shown else {})}
            answer = self.transport.send(method, url, whole, body, **how)
            if answer.status != 401 or not self.transport.is_ours(url):
                return answer
            discard(answer)
            self._access.answer(answer, scope, shown)
        raise self._access.refused()

    def require(self, answer: BaseHTTPResponse, status: int, what: str) -> None:
        if answer.status != status:
            raise self.failure(answer, what)

    def require_digest(self, answer: BaseHTTPResponse, digest: str) -> None:
        """Raises ServiceError when the registry says that what it stored is something else."""
        stored = answer.headers.get("Docker-Content-Digest")
        if stored and stored != digest:
            raise self._wrong(digest, stored)

    def failure(self, answer: BaseHTTPResponse, what: str) -> AgentcoreError:
        """What a refusal means."""
        code, message = _told(answer)
        text = f"{self.host}/{what}: {message or f'HTTP {answer.status}'}"
        if "immutable" in message or code == "TAG_ALREADY_EXISTS":
            return ConflictError(text)
        if answer.status == 404:
            return NotFoundError(text)
        if answer.status in (401, 403):
            return DeniedError(text, hint="see that the credentials may do this there")
        return ServiceError(
            text, hint="wait a little, then run the same command again: what is there is not sent twice"
        )

    def url_of_uploads(self, repository: str, query: str = "") -> str:
        return self.transport.url(f"/v2/{repository}/blobs/uploads/{query}")

    def _put_manifest(self, repository: str, version: str, media_type: str, content: bytes) -> BaseHTTPResponse:
        url, headers = self._url(repository, "manifests", version), {"Content-Type": media_type}
        answer = self.call("PUT", url, pushes(repository), headers, content)
        if answer.status not in (200, 201, 202):
            raise self.failure(answer, f"{repository}:{version}")
        discard(answer)
        self.require_digest(answer, digest_of(content))
        return answer

    def _pieces(self, repository: str, digest: str, start: int) -> Iterator[bytes]:
        """From `start` on; a registry that can't begin there begins anew, and what is known is passed over."""
        from urllib3.exceptions import HTTPError

        headers = {"Range": f"bytes={start}-"} if start else {}
        answer = self.call("GET", self._url(repository, "blobs", digest), pulls(repository), headers)
        if answer.status not in (200, 206):
            raise self.failure(answer, digest)
        known = start if answer.status == 200 else 0
        try:
            for piece in answer.stream(_CHUNK, decode_content=False):
                left = piece[known:]
                known = max(0, known - len(piece))
                if left:
                    yield left
        except (HTTPError, OSError) as error:
            raise LostError(f"{self.host}: the connection broke: {error}") from error
        finally:
            answer.close()

    def _url(self, repository: str, kind: str, version: str) -> str:
        return self.transport.url(f"/v2/{repository}/{kind}/{version}")

    def _wrong(self, expected: str, found: str) -> ServiceError:
        return ServiceError(
            f"{self.host}: expected {expected}, it has {found}",
            hint="see whether a proxy changes what it hands on; else ask who runs that registry",
        )


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def checked_digest(said: Any) -> str:
    """A digest that somebody else wrote, which becomes part of a file's name. Raises InputError for anything else."""
    if isinstance(said, str) and _DIGEST.fullmatch(said):
        return said
    raise InputError(f"{said!r:.100}: not the SHA-256 digest of anything")


def pulls(repository: str) -> str:
    return f"repository:{repository}:pull"


def pushes(repository: str) -> str:
    return f"repository:{repository}:pull,push"


def _told(answer: BaseHTTPResponse) -> tuple[str, str]:
    """The first error's code and message, as registries tell them."""
    from urllib3.exceptions import HTTPError

    try:
        first = json.loads(answer.read(_CHUNK))["errors"][0]
        return str(first.get("code", "")), str(first.get("message", ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, HTTPError, OSError):
        return "", ""
