"""S3 objects: found by their key, written once, in parts where they are large (`s3`).

Nothing is written over: a key that has an object is refused by S3 itself, so that of two who write one wins and the
other learns it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from agentcore_cli.aws.buckets import BucketService
from agentcore_cli.errors import AgentcoreError

PART: Final = 8 * 1024**2  # bytes; S3 takes at most 10,000
_SMALLEST_PART: Final = 5 * 1024**2  # but for the last
_AT_ONCE: Final = 4  # so many parts are in memory
_ONCE: Final = {"IfNoneMatch": "*"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object. `size` is in bytes; `is_latest`: who names none gets it."""

    id: str
    size: int
    is_latest: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first `count` bytes of a version of another object of the bucket, with which a file most likely begins."""

    key: str
    version: str
    count: int


class Objects(BucketService):
    def versions(self, bucket: str, key: str) -> list[Version]:
        """Those of this very key, the latest first; none too when there is no bucket."""
        answer = self._if_there("list_object_versions", Bucket=bucket, Prefix=key) or {}
        found = [item for item in answer.get("Versions", ()) if item["Key"] == key]
        return [Version(item["VersionId"], item["Size"], item["IsLatest"]) for item in found]

    def upload(
        self,
        bucket: str,
        key: str,
        file: Path,
        *,
        told: Callable[[int], None],
        stopping: Callable[[], bool],
        like: Beginning | None = None,
    ) -> str:
        """Write the file under a key that has no object; gives the version's id.

        What it has in common with `like` S3 copies from there, and that is not sent. `told` gets the bytes that have
        arrived so far. Raises ConflictError when the key has an object, AgentcoreError when it is interrupted; of a
        part of the file nothing can be read then.
        """
        size = file.stat().st_size
        like = like if like and like.count >= _SMALLEST_PART else None
        with file.open("rb") as content:
            if size > PART or like:
                return self._upload_parts(bucket, key, content, told, stopping, like)
            data = content.read()
            whole: str = self._call("put_object", Bucket=bucket, Key=key, Body=data, **_checksum(data), **_ONCE)[
                "VersionId"
            ]
        told(size)
        return whole

    def _upload_parts(
        self,
        bucket: str,
        key: str,
        content: IO[bytes],
        told: Callable[[int], None],
        stopping: Callable[[], bool],
        like: Beginning | None,
    ) -> str:
        where = {"Bucket": bucket, "Key": key}
        upload = {"UploadId": self._call("create_multipart_upload", ChecksumAlgorithm="SHA256", **where)["UploadId"]}
        try:
            copied = self._copied(where | upload, content, like) if like else []
            content.seek(like.count if like and copied else 0)
            parts = copied + self._send(where | upload, content, told, stopping)
            made = self._call("complete_multipart_upload", MultipartUpload={"Parts": parts}, **where, **upload, **_ONCE)
        except BaseException:
            self._abort(where | upload)
            raise
        version: str = made["VersionId"]
        return version

    def _copied(self, upload: dict[str, str], content: IO[bytes], like: Beginning) -> list[dict[str, Any]]:
        """The first part, copied by S3; none where it may not, or what is there is something else."""
        checksum = _checksum_of(content, like.count)
        source = {"Bucket": upload["Bucket"], "Key": like.key, "VersionId": like.version}
        try:
            answer = self._call(
                "upload_part_copy",
                PartNumber=1,
                CopySource=source,
                CopySourceRange=f"bytes=0-{like.count - 1}",
                ExpectedSourceBucketOwner=self.account,
                **upload,
            )["CopyPartResult"]
        except AgentcoreError:
            return []
        is_same = answer.get("ChecksumSHA256") == checksum["ChecksumSHA256"]
        return [{"PartNumber": 1, "ETag": answer["ETag"], **checksum}] if is_same else []

    def _send(
        self, upload: dict[str, str], content: IO[bytes], told: Callable[[int], None], stopping: Callable[[], bool]
    ) -> list[dict[str, Any]]:
        """Every part from where `content` is, a few at once; as CompleteMultipartUpload wants them."""
        sent: list[dict[str, Any]] = []
        arrived = content.tell()
        pending: dict[Future[dict[str, Any]], int] = {}
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            pieces = enumerate(iter(lambda: content.read(PART), b""), 2 if arrived else 1)
            while True:
                for number, data in _next(pieces, _AT_ONCE - len(pending)):
                    pending[threads.submit(self._send_part, upload, number, data)] = len(data)
                if not pending:
                    break
                for done in wait(pending, return_when=FIRST_COMPLETED).done:
                    arrived += pending.pop(done)
                    sent.append(done.result())
                told(arrived)
                if stopping():
                    raise AgentcoreError("interrupted")
        return sorted(sent, key=lambda part: int(part["PartNumber"]))

    def _send_part(self, upload: dict[str, str], number: int, data: bytes) -> dict[str, Any]:
        checksum = _checksum(data)
        answer = self._call("upload_part", PartNumber=number, Body=data, **upload, **checksum)
        return {"PartNumber": number, "ETag": answer["ETag"], **checksum}

    def _abort(self, upload: dict[str, str]) -> None:
        """What can't be removed now the bucket's lifecycle removes."""
        try:
            self._call("abort_multipart_upload", **upload)
        except AgentcoreError:
            return


def _next(pieces: Iterator[tuple[int, bytes]], count: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(count):
        piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _checksum(data: bytes) -> dict[str, str]:
    return _named(hashlib.sha256(data).digest())


def _checksum_of(content: IO[bytes], count: int) -> dict[str, str]:
    """Of the first `count` bytes."""
    seen = hashlib.sha256()
    while piece := content.read(min(PART, count)):
        seen.update(piece)
        count -= len(piece)
    return _named(seen.digest())


def _named(digest: bytes) -> dict[str, str]:
    return {"ChecksumSHA256": base64.b64encode(digest).decode()}
