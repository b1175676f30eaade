"""Rules between members: each case breaks one, and is refused in words that name it."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.allowlist import may_be_allowed
from agentcore_cli.contract import LOCAL_BUCKET
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import CODE, DIGEST, SETTINGS, LocalControl

POOL = "arn:aws:bedrock-agentcore:us-west-2:123456789012:capacity-provider/pool-0123456789"
VPC = {"securityGroups": ["sg-01234567"], "subnets": ["subnet-01234567"]}


def artifact(**changes: Any) -> dict[str, Any]:
    return {"agentRuntimeArtifact": {"codeConfiguration": CODE["codeConfiguration"] | changes}}


def stored(**location: str) -> dict[str, Any]:
    return artifact(code={"s3": {"bucket": LOCAL_BUCKET, "prefix": f"{DIGEST}.zip"} | location})


def lifecycle(**values: int) -> dict[str, Any]:
    return {"lifecycleConfiguration": values}


def allowlist(*names: str) -> dict[str, Any]:
    return {"requestHeaderConfiguration": {"requestHeaderAllowlist": list(names)}}


def network(mode: str, **config: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"networkMode": mode} | ({"networkModeConfig": config} if config else {})}


def warmup(**post: Any) -> dict[str, Any]:
    return {"hooksConfiguration": {"build": {"warmup": {"action": {"httpPost": post}}}}}


def mounts(*entries: tuple[str, dict[str, str]]) -> dict[str, Any]:
    return {"filesystemConfigurations": [{kind: members} for kind, members in entries]}


BROKEN = {
    "idle above lifetime": (
        lifecycle(idleRuntimeSessionTimeout=600, maxLifetime=300),
        "idleRuntimeSessionTimeout must be less than or equal to maxLifetime",
    ),
    "lifetime above a microVM's": (lifecycle(maxLifetime=28801), "maxLifetime must be less than or equal to 28800"),
    "idle above a microVM's": (
        lifecycle(idleRuntimeSessionTimeout=28801),
        "idleRuntimeSessionTimeout must be less than or equal to 28800",
    ),
    "VPC without its config": (network("VPC"), "networkModeConfig is required"),
    "requireServiceS3Endpoint": (
        network("VPC", **VPC, requireServiceS3Endpoint=False),
        "requireServiceS3Endpoint can't be set",
    ),
    "header twice": (allowlist("X-Team", "x-team"), "header x-team is there 2 times"),
    "header of a connection": (allowlist("Transfer-Encoding"), "header Transfer-Encoding is restricted"),
    "header of SigV4": (allowlist("X-Amz-Date"), "header X-Amz-Date is restricted"),
    "header of the service": (allowlist("X-Amzn-Trace-Id"), "header X-Amzn-Trace-Id is restricted"),
    "port 8443": ({"protocolConfiguration": {"serverProtocol": "HTTP", "port": 8443}}, "port 8443 is reserved"),
    "allowed port 8443": ({"allowedPorts": [{"port": 8443}]}, "port 8443 is reserved"),
    "range over 8443": ({"allowedPorts": [{"portRange": {"from": 8400, "to": 8500}}]}, "port 8443 is reserved"),
    "range backwards": ({"allowedPorts": [{"portRange": {"from": 9001, "to": 9000}}]}, "from must be less than"),
    "overlapping ports": (
        {"allowedPorts": [{"port": 9000}, {"portRange": {"from": 8999, "to": 9001}}]},
        "allowedPorts.2.member: overlaps",
    ),
    "warm-up at the invocation path": (warmup(path="/invocations"), "path /invocations is served"),
    "warm-up at the health path": (warmup(path="/ping", port=8080), "path /ping is served"),
    "warm-up at 8443": (warmup(path="/warm", port=8443), "port 8443 is reserved"),
    "= in a variable's name": ({"environmentVariables": {"A=B": "s3cret"}}, "a name holds ="),
    "null in a variable": ({"environmentVariables": {"A": "s3cret\0"}}, "a value holds a null character"),
    "two session storages": (
        mounts(("sessionStorage", {"mountPath": "/mnt/a"}), ("sessionStorage", {"mountPath": "/mnt/b"})),
        "at most 1 sessionStorage",
    ),
    "a mount path that leads out": (
        mounts(("sessionStorage", {"mountPath": "/mnt/../"})),
        "mountPath /mnt/.. is not a folder of /mnt",
    ),
    "one mount path twice": (
        mounts(
            ("sessionStorage", {"mountPath": "/mnt/a"}),
            (
                "efsAccessPoint",
                {
                    "mountPath": "/mnt/a/",
                    "accessPointArn": "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-01234567",
                },
            ),
        ),
        "mountPath /mnt/a is there twice",
    ),
    "volume without a capacity provider": (
        mounts(("capacityProviderVolume", {"volumeName": "data", "mountPath": "/mnt/a"})),
        "capacityProviderVolume needs a capacity provider",
    ),
    "tag of AWS": ({"tags": {"AWS:owner": "me"}}, "aws: prefixed tag key names"),
    "another bucket": (stored(bucket="my-bucket"), f"reads from {LOCAL_BUCKET} only"),
    "key that is no digest": (stored(prefix="agent/deployment_package.zip"), "prefix must be <sha256>.zip"),
    "key that climbs": (stored(prefix="../" + "0" * 61 + ".zip"), "prefix must be <sha256>.zip"),
    "zip that is not there": (stored(prefix="f" * 64 + ".zip"), "is not in the local content store"),
    "Node": (artifact(runtime="NODE_22"), "runs Python only"),
    "entry point of another language": (artifact(entryPoint=["main.js"]), "entryPoint must be a .py file"),
    "unknown launcher": (artifact(entryPoint=["gunicorn", "main.py"]), "entryPoint must be a .py file"),
    "open quote": (artifact(entryPoint=["-m", "uvicorn 'main:app"]), "entryPoint must be a .py file"),
    "module without a name": (artifact(entryPoint=["-m", " "]), "entryPoint must be a .py file"),
}
FINE = {
    "image": {"agentRuntimeArtifact": {"containerConfiguration": {"containerUri": "public.ecr.aws/a/b:1"}}},
    "instances live longer": lifecycle(idleRuntimeSessionTimeout=30_000, maxLifetime=1_209_600)
    | {"capacityProviderConfiguration": {"capacityProviderArn": POOL}},
    "VPC": network("VPC", **VPC),
    "allowlist": allowlist("Authorization", "X-Team", "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Team"),
    "ports side by side": {"allowedPorts": [{"port": 9000}, {"portRange": {"from": 9001, "to": 9002}}]},
    "warm-up at another port": warmup(path="/invocations", port=9000),
    "opentelemetry": artifact(entryPoint=["opentelemetry-instrument", "main.py"]),
    "module": artifact(entryPoint=["-m", "uvicorn main:app --host 0.0.0.0 --port 8080"]),
    "unknown members": {"madeUp": {"by": "the test"}},
}


@pytest.mark.parametrize(("members", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_named_and_nothing_is_made(control: LocalControl, members: Any, words: str) -> None:
    before = control.dump()
    with pytest.raises(ServiceFault) as refusal:
        control.create(**members)
    fault = refusal.value
    assert (fault.status, fault.type, fault.reason) == (400, "ValidationException", "FieldValidationFailed")
    assert words in fault.message
    assert len(fault.fields) == 1
    assert "s3cret" not in fault.message
    assert control.dump() == before


@pytest.mark.parametrize("members", FINE.values(), ids=FINE)
def test_what_breaks_no_rule_is_taken(control: LocalControl, members: Any) -> None:
    assert control.create(**members)["status"] == "CREATING"


def test_an_update_obeys_the_same_rules(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    with pytest.raises(ServiceFault, match="idleRuntimeSessionTimeout must be less"):
        control.update(runtime_id, **lifecycle(idleRuntimeSessionTimeout=600, maxLifetime=300))
    with pytest.raises(ServiceFault, match="not in the local content store"):
        control.update(runtime_id, **stored(prefix="f" * 64 + ".zip"))
    assert control.get(runtime_id)["agentRuntimeVersion"] == "1"


@pytest.mark.parametrize(
    ("asked", "idle", "longest"),
    [
        ({}, 900, 28_800),
        ({"maxLifetime": 600}, 600, 600),
        ({"maxLifetime": 3600}, 900, 3600),
        ({"idleRuntimeSessionTimeout": 3600}, 3600, 28_800),
        ({"idleRuntimeSessionTimeout": 60, "maxLifetime": 60}, 60, 60),
    ],
)
def test_the_lifecycle_that_is_left_out_has_the_services_values(
    control: LocalControl, asked: dict[str, int], idle: int, longest: int
) -> None:
    runtime_id = control.ready(**lifecycle(**asked))["agentRuntimeId"]
    assert control.get(runtime_id)["lifecycleConfiguration"] == {
        "idleRuntimeSessionTimeout": idle,
        "maxLifetime": longest,
    }


def test_several_broken_rules_are_told_together(control: LocalControl) -> None:
    with pytest.raises(ServiceFault) as refusal:
        control.create(**network("VPC"), **allowlist("Cookie"), **lifecycle(maxLifetime=30_000))
    assert [field.name for field in refusal.value.fields] == [
        "lifecycleConfiguration.maxLifetime",
        "networkConfiguration.networkModeConfig",
        "requestHeaderConfiguration.requestHeaderAllowlist",
    ]


@pytest.mark.parametrize("name", ["Host", "te", "SET-COOKIE", "Sec-WebSocket-Key", "x-amz-security-token"])
def test_restricted_headers(name: str) -> None:
    assert not may_be_allowed(name)


def test_settings_of_the_tests_are_valid(control: LocalControl) -> None:
    assert control.create(**SETTINGS)["status"] == "CREATING"
