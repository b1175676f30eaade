"""What moto's S3 (5.2) leaves out, added on the way: a handler for the proxy.

moto forgets the tags that CreateBucket is given, takes any account for the owner whom a call expects, and reads no
conditions, so that a policy which denies what does not come by TLS denies everything. Everything else that is seen
through here is moto's. Nor does it tell the checksum of a part that was copied.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree

from tests.fakes.aws_answers import Answer, refusal
from tests.fakes.aws_calls import ACCOUNT, Call, Request
from tests.fakes.aws_proxy import Forward

_NAMESPACE: Final = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class MotoBuckets:
    """`account` is whose every bucket is. `client` is plain boto3 for moto's S3, past the proxy."""

    def __init__(self, client: Any, account: str = ACCOUNT) -> None:
        self._client = client
        self._account = account
        self.policies: dict[str, bytes] = {}

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        expected = request.headers.get("x-amz-expected-bucket-owner", self._account)
        if expected != self._account:
            return refusal(call, 403, "AccessDenied", "Access Denied")
        bucket = _bucket_of(call)
        if call.operation == "CreateBucket":
            return self._create(bucket, request, forward)
        if call.operation in ("PutBucketPolicy", "GetBucketPolicy"):
            return self._policy(call, bucket, request, forward)
        answer = forward(request)
        if call.operation == "UploadPartCopy" and answer.status < 300:
            return self._with_checksum(request, answer)
        if call.operation == "DeleteBucket" and answer.status < 300:
            self.policies.pop(bucket, None)
        return answer

    def _create(self, bucket: str, request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        tags = [
            {"Key": tag.findtext(f"{_NAMESPACE}Key"), "Value": tag.findtext(f"{_NAMESPACE}Value")}
            for tag in ElementTree.fromstring(request.body or b"<none/>").iter(f"{_NAMESPACE}Tag")
        ]
        if answer.status < 300 and tags:
            self._client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        return answer

    def _with_checksum(self, request: Request, answer: Answer) -> Answer:
        """That of the copied part, as S3 tells it where the upload was begun with SHA-256."""
        source, _, version = unquote(request.headers["x-amz-copy-source"]).partition("?versionId=")
        bucket, _, key = source.lstrip("/").partition("/")
        asked = {
            "Bucket": bucket,
            "Key": key,
            "VersionId": version,
            "Range": request.headers["x-amz-copy-source-range"],
        }
        part = self._client.get_object(**asked)["Body"].read()
        said = base64.b64encode(hashlib.sha256(part).digest())
        body = answer.body.replace(b"</ETag>", b"</ETag><ChecksumSHA256>" + said + b"</ChecksumSHA256>")
        return Answer(answer.status, body, answer.headers)

    def _policy(self, call: Call, bucket: str, request: Request, forward: Forward) -> Answer:
        """Kept here; whether there is a bucket moto says."""
        there = forward(Request("GET", f"/{bucket}?versioning", request.headers, b""))
        if there.status >= 300:
            return there
        if call.operation == "PutBucketPolicy":
            self.policies[bucket] = request.body
            return Answer(204, b"", {})
        if bucket not in self.policies:
            return refusal(call, 404, "NoSuchBucketPolicy", "The bucket policy does not exist")
        return Answer(200, self.policies[bucket], {"Content-Type": "application/json"})


def _bucket_of(call: Call) -> str:
    return re.sub("^arn:aws:s3:::", "", call.resource).partition("/")[0]
