"""Objects of S3 on moto: written once, in parts where they are large, whole or not at all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.aws.objects import PART, Beginning, Objects
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.errors import AgentcoreError, ConflictError, DeniedError
from tests.fakes.aws_answers import Answer, access_denied, failed
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_faults import instead, named, reset_after
from tests.fakes.aws_proxy import AwsProxy, Forward
from tests.fakes.moto_buckets import MotoBuckets
from tests.long_cases import always
from tests.stand_ins import ACCOUNT, REGION, Moto

BUCKET, KEY = "bucket-of-zips", "0123.zip"
LARGE = 2 * PART + 5


@pytest.fixture
def s3(moto: Moto) -> Any:
    client = moto.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def proxy(moto: Moto, s3: Any) -> Iterator[AwsProxy]:
    with AwsProxy({}, otherwise=moto.url, bridges={"s3": MotoBuckets(s3)}) as opened:
        yield opened


@pytest.fixture
def session(proxy: AwsProxy) -> Iterator[AwsSession]:
    access = Access(REGION, url=proxy.url, access_key="test", secret_key="test")
    opened = AwsSession(lambda: access)
    yield opened
    opened.close()


@pytest.fixture
def client(session: AwsSession) -> Objects:
    return Objects(session, ACCOUNT)


def file_of(folder: Path, size: int) -> Path:
    path = folder / "a.zip"
    path.write_bytes(b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(size // 32 + 1))[:size])
    return path


def upload(client: Objects, file: Path, *, stops: bool = False) -> list[int]:
    """The bytes that were told to have arrived."""
    arrived: list[int] = []
    client.upload(BUCKET, KEY, file, told=arrived.append, stopping=lambda: stops)
    return arrived


def unfinished(s3: Any) -> list[Any]:
    return list(s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))


@pytest.mark.parametrize(
    "size", always("empty", "small", "large", of={"empty": 0, "small": 10, "a-part": PART, "large": LARGE})
)
def test_a_file_arrives_as_it_is(client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path, size: int) -> None:
    file = file_of(tmp_path, size)
    assert client.versions(BUCKET, KEY) == []
    assert upload(client, file)[-1:] == [size]
    (version,) = client.versions(BUCKET, KEY)
    assert (version.size, version.is_latest) == (size, True)
    assert s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=version.id)["Body"].read() == file.read_bytes()
    assert ("s3:CreateMultipartUpload" in proxy.names) == (size > PART)
    assert unfinished(s3) == []


@pytest.mark.parametrize("size", [10, LARGE], ids=["small", "large"])
def test_nothing_is_written_over(client: Objects, s3: Any, tmp_path: Path, size: int) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"there")
    with pytest.raises(ConflictError):
        upload(client, file_of(tmp_path, size))
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"there"
    assert unfinished(s3) == []


def test_a_key_that_only_begins_so_is_another(client: Objects, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{KEY}.old", Body=b"another")
    assert client.versions(BUCKET, KEY) == []
    assert client.versions("no-such-bucket", KEY) == []


def test_the_bucket_of_another_account_is_left_alone(session: AwsSession, s3: Any, tmp_path: Path) -> None:
    theirs = Objects(session, "210987654321")
    for size in (10, LARGE):
        with pytest.raises(DeniedError):
            upload(theirs, file_of(tmp_path, size))
    with pytest.raises(DeniedError):
        theirs.versions(BUCKET, KEY)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("operation", always("UploadPart", of=["UploadPart", "CompleteMultipartUpload"]))
def test_what_breaks_off_leaves_nothing(
    client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path, operation: str
) -> None:
    proxy.interfere(named(f"s3:{operation}"), instead(access_denied))
    with pytest.raises(DeniedError, match="s3:PutObject"):
        upload(client, file_of(tmp_path, LARGE))
    assert (client.versions(BUCKET, KEY), unfinished(s3)) == ([], [])


def test_interrupted_it_leaves_nothing(client: Objects, s3: Any, tmp_path: Path) -> None:
    with pytest.raises(AgentcoreError, match="interrupted"):
        upload(client, file_of(tmp_path, LARGE), stops=True)
    assert (client.versions(BUCKET, KEY), unfinished(s3)) == ([], [])


@pytest.mark.parametrize("fault", always("500", of={"answer-lost": reset_after, "500": instead(failed)}))
def test_a_part_is_sent_again(client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path, fault: Any) -> None:
    proxy.interfere(named("s3:UploadPart", 1), fault)
    file = file_of(tmp_path, LARGE)
    upload(client, file)
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == file.read_bytes()
    assert proxy.names.count("s3:UploadPart") == 4


def test_what_cant_be_aborted_the_lifecycle_removes(client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path) -> None:
    proxy.interfere(named("s3:CompleteMultipartUpload"), instead(access_denied))
    proxy.interfere(named("s3:AbortMultipartUpload"), instead(access_denied))
    with pytest.raises(DeniedError, match="s3:PutObject"):
        upload(client, file_of(tmp_path, LARGE))
    assert len(unfinished(s3)) == 1


COMMON = 5 * 1024**2 + 3


def again(client: Objects, s3: Any, folder: Path, *, common: int = COMMON, size: int = LARGE) -> tuple[Path, str]:
    """A file that begins as an object did, which is there already, uploaded by what they have in common."""
    first = file_of(folder, size)
    s3.put_object(Bucket=BUCKET, Key="first.zip", Body=first.read_bytes())
    version = client.versions(BUCKET, "first.zip")[0].id
    file = folder / "b.zip"
    file.write_bytes(first.read_bytes()[:common] + b"changed" * 1000)
    like = Beginning("first.zip", version, common)
    return file, client.upload(BUCKET, KEY, file, told=lambda arrived: None, stopping=lambda: False, like=like)


def read(s3: Any, version: str) -> bytes:
    data: bytes = s3.get_object(Bucket=BUCKET, Key=KEY, VersionId=version)["Body"].read()
    return data


def count_sent(proxy: AwsProxy) -> list[int]:
    """The bytes of each body from now on."""
    sent: list[int] = []

    def count(call: Call, request: Request, forward: Forward) -> Answer:
        sent.append(len(request.body))
        return forward(request)

    proxy.interfere(lambda call: call.name in ("s3:UploadPart", "s3:PutObject"), count)
    return sent


@pytest.mark.parametrize("size", [COMMON + 10, LARGE], ids=["below-a-part", "large"])
def test_what_an_object_has_already_is_copied_and_not_sent(
    client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path, size: int
) -> None:
    sent = count_sent(proxy)
    file, version = again(client, s3, tmp_path, size=size)
    assert read(s3, version) == file.read_bytes()
    assert sum(sent) == file.stat().st_size - COMMON
    assert unfinished(s3) == []


def other_bytes(call: Call, request: Request, forward: Forward) -> Answer:
    """S3 copies, and what it copied is something else."""
    answer = forward(request)
    body = re.sub(b"(?<=<ChecksumSHA256>)[^<]+", b"AAAA", answer.body)
    return Answer(answer.status, body, answer.headers)


def no_checksum(call: Call, request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    return Answer(answer.status, re.sub(b"<ChecksumSHA256>.*</ChecksumSHA256>", b"", answer.body), answer.headers)


@pytest.mark.parametrize(
    "harm",
    always("refused", of={"refused": instead(access_denied), "other-bytes": other_bytes, "no-checksum": no_checksum}),
)
def test_what_is_not_copied_is_sent(client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path, harm: Any) -> None:
    proxy.interfere(named("s3:UploadPartCopy"), harm)
    sent = count_sent(proxy)
    file, version = again(client, s3, tmp_path)
    assert read(s3, version) == file.read_bytes()
    assert sum(sent) == file.stat().st_size
    assert unfinished(s3) == []


def test_an_object_that_is_gone_is_no_source(client: Objects, s3: Any, tmp_path: Path) -> None:
    file = file_of(tmp_path, LARGE)
    like = Beginning("gone.zip", "no-such-version", COMMON)
    version = client.upload(BUCKET, KEY, file, told=lambda arrived: None, stopping=lambda: False, like=like)
    assert read(s3, version) == file.read_bytes()


def test_less_than_s3_takes_as_a_part_is_not_copied(client: Objects, s3: Any, proxy: AwsProxy, tmp_path: Path) -> None:
    again(client, s3, tmp_path, common=1000)
    assert "s3:UploadPartCopy" not in proxy.names
