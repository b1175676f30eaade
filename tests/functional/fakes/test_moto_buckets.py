"""What the stand-ins for S3 and for AgentCore's look at a zip add to moto and to the local control plane."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.code_bridge import CodeBridge
from tests.fakes.control_server import ControlServer
from tests.fakes.moto_buckets import MotoBuckets
from tests.functional.builders.test_packages import elf
from tests.stand_ins import ACCOUNT, REGION, Moto

BUCKET = "bucket-of-zips"
HERE = {"LocationConstraint": REGION}
TAGS = [{"Key": "team", "Value": "one"}]
DENIES_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}],
    }
)


@pytest.fixture
def proxy(moto: Moto, tmp_path: Path) -> Iterator[AwsProxy]:
    with ControlServer(tmp_path) as control:
        plain = moto.client("s3")
        bridges = {"s3": MotoBuckets(plain), "bedrock-agentcore": CodeBridge(plain, control.home.artifacts)}
        with AwsProxy({"bedrock-agentcore": control.url}, otherwise=moto.url, bridges=bridges) as opened:
            yield opened


@pytest.fixture
def s3(moto: Moto, proxy: AwsProxy) -> Any:
    client = moto.client("s3", endpoint_url=proxy.url)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={**HERE, "Tags": TAGS})
    return client


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_bucket_has_its_tags_from_the_start(s3: Any) -> None:
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == TAGS


def test_the_expected_owner_counts(s3: Any) -> None:
    s3.get_bucket_versioning(Bucket=BUCKET, ExpectedBucketOwner=ACCOUNT)
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_versioning(Bucket=BUCKET, ExpectedBucketOwner="210987654321")
    assert code_of(caught) == "AccessDenied"


def test_a_policy_is_kept_and_denies_nothing_here(s3: Any) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_policy(Bucket=BUCKET)
    assert code_of(caught) == "NoSuchBucketPolicy"
    s3.put_bucket_policy(Bucket=BUCKET, Policy=DENIES_ALL)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == DENIES_ALL
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"b")
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_policy(Bucket="no-such-bucket", Policy=DENIES_ALL)
    assert code_of(caught) == "NoSuchBucket"


def test_calls_are_named_by_query_and_header(s3: Any, proxy: AwsProxy) -> None:
    proxy.begin_anew()
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"a")
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    s3.list_object_versions(Bucket=BUCKET)
    s3.list_objects_v2(Bucket=BUCKET)
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}]})
    names = [call.operation for call in proxy.calls]
    assert names == ["PutObject", "CopyObject", "ListObjectVersions", "ListObjectsV2", "DeleteObjects"]
    assert proxy.calls[0].resource == f"arn:aws:s3:::{BUCKET}/a"


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def artifact(key: str, *entry_point: str, runtime: str = "PYTHON_3_13") -> dict[str, Any]:
    place = {"bucket": BUCKET, "prefix": key}
    return {"codeConfiguration": {"code": {"s3": place}, "runtime": runtime, "entryPoint": list(entry_point)}}


def create(moto: Moto, proxy: AwsProxy, artifact: dict[str, Any]) -> Any:
    control = moto.client("bedrock-agentcore-control", endpoint_url=proxy.url)
    role = f"arn:aws:iam::{ACCOUNT}:role/AmazonBedrockAgentCore-x"
    made = control.create_agent_runtime(agentRuntimeName="bot", agentRuntimeArtifact=artifact, roleArn=role)
    return control.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])


def test_a_zip_is_taken_and_shown_as_it_was_named(moto: Moto, proxy: AwsProxy, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a.zip", Body=zipped(**{"main.py": b"", "arm.so": elf(183)}))
    wanted = artifact("a.zip", "main.py")
    assert create(moto, proxy, wanted)["agentRuntimeArtifact"] == wanted


@pytest.mark.parametrize(
    ("files", "asked", "words"),
    [
        ({"main.py": b""}, artifact("none.zip", "main.py"), "Unable to access"),
        ({"main.py": b""}, artifact("a.zip", "other.py"), "entrypoint could not be found"),
        ({"main.py": b""}, artifact("a.zip", "opentelemetry-instrument", "main.py"), "executable not found"),
        ({"main.py": b"", "x.so": elf(62)}, artifact("a.zip", "main.py"), "incompatible with Linux ARM64: x.so"),
        ({"main.py": b""}, artifact("a.zip", "main.py", runtime="PYTHON_3_11"), "no longer supported"),
    ],
    ids=["missing", "entrypoint", "otel", "processor", "python"],
)
def test_what_agentcore_refuses_is_refused(
    moto: Moto, proxy: AwsProxy, s3: Any, files: dict[str, bytes], asked: dict[str, Any], words: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key="a.zip", Body=zipped(**files))
    with pytest.raises(ClientError, match=words):
        create(moto, proxy, asked)
