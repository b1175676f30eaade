"""What the data plane is told of a runtime: which version answers, or why none does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agentcore_cli.contract import LOCAL_ACCOUNT
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import CODE, DIGEST, SETTINGS, LocalControl


def refusal(
    control: LocalControl, runtime: str, account: str | None = None, qualifier: str = "DEFAULT"
) -> ServiceFault:
    with pytest.raises(ServiceFault) as raised:
        control.plane.resolve(runtime, account, qualifier)
    return raised.value


def test_a_runtime_is_found_by_arn_and_by_id_beside_its_account(control: LocalControl) -> None:
    made = control.ready()
    by_arn = control.plane.resolve(made["agentRuntimeArn"], None, "DEFAULT")
    assert by_arn == control.plane.resolve(made["agentRuntimeId"], LOCAL_ACCOUNT, "DEFAULT")
    assert (by_arn.runtime_id, by_arn.runtime_arn) == (made["agentRuntimeId"], made["agentRuntimeArn"])
    assert (by_arn.endpoint, by_arn.version) == ("DEFAULT", "1")


def test_settings_have_every_default(control: LocalControl) -> None:
    settings = control.plane.resolve(control.ready()["agentRuntimeArn"], None, "DEFAULT").settings
    assert (settings.protocol, settings.port, settings.path) == ("HTTP", 8080, "/invocations")
    assert (settings.environment, settings.header_allowlist, settings.authorizer) == ({}, (), None)
    assert (settings.idle_timeout, settings.max_lifetime) == (900, 28_800)
    assert (settings.entry_point, settings.python) == (("main.py",), "3.13")
    assert (settings.code_key, settings.container_uri) == (f"{DIGEST}.zip", None)


def test_settings_are_what_was_asked_for(control: LocalControl) -> None:
    code = CODE["codeConfiguration"] | {
        "entryPoint": ["-m", "uvicorn 'main:app' --port 9100"],
        "runtime": "PYTHON_3_12",
    }
    jwt = {"discoveryUrl": "https://id.example.com/.well-known/openid-configuration", "allowedClients": ["web"]}
    made = control.ready(
        agentRuntimeArtifact={"codeConfiguration": code},
        protocolConfiguration={"serverProtocol": "A2A", "port": 9100, "path": "/a2a"},
        authorizerConfiguration={"customJWTAuthorizer": jwt},
        requestHeaderConfiguration={"requestHeaderAllowlist": ["Authorization"]},
        environmentVariables={"LOG_LEVEL": "debug"},
        lifecycleConfiguration={"idleRuntimeSessionTimeout": 60, "maxLifetime": 120},
    )
    settings = control.plane.resolve(made["agentRuntimeArn"], None, "DEFAULT").settings
    assert (settings.protocol, settings.port, settings.path) == ("A2A", 9100, "/a2a")
    assert settings.entry_point == ("-m", "uvicorn", "main:app", "--port", "9100")
    assert (settings.authorizer, settings.header_allowlist) == (jwt, ("Authorization",))
    assert settings.environment == {"LOG_LEVEL": "debug"}
    assert (settings.idle_timeout, settings.max_lifetime, settings.python) == (60, 120, "3.12")


@pytest.mark.parametrize(("part", "other"), [("us-west-2", "us-east-1"), (LOCAL_ACCOUNT, "123456789012")])
def test_a_foreign_arn_is_not_found(control: LocalControl, part: str, other: str) -> None:
    foreign = control.ready()["agentRuntimeArn"].replace(part, other)
    fault = refusal(control, foreign)
    assert (fault.status, fault.type) == (404, "ResourceNotFoundException")
    assert fault.message == f"No endpoint or agent found with qualifier 'DEFAULT' for agent '{foreign}'"


@pytest.mark.parametrize(
    ("runtime", "account"),
    [
        ("agent", LOCAL_ACCOUNT),
        ("arn:aws:bedrock-agentcore:us-west-2:000000000000:memory/agent-0123456789", None),
        ("arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/agent-0123456789/runtime-endpoint/DEFAULT", None),
        ("", None),
    ],
)
def test_what_is_no_arn_or_id_is_invalid(control: LocalControl, runtime: str, account: str | None) -> None:
    fault = refusal(control, runtime, account)
    assert (fault.status, fault.fields[0].name) == (400, "agentRuntimeArn")


@pytest.mark.parametrize("account", [None, "", "12345", "00000000000x"])
def test_an_id_needs_an_account(control: LocalControl, account: str | None) -> None:
    fault = refusal(control, control.ready()["agentRuntimeId"], account)
    assert (fault.status, fault.fields[0].name) == (400, "accountId")


def test_an_id_of_another_account_is_not_found(control: LocalControl) -> None:
    assert refusal(control, control.ready()["agentRuntimeId"], "123456789012").status == 404


def test_an_unknown_qualifier_is_not_found(control: LocalControl) -> None:
    made = control.ready()
    fault = refusal(control, made["agentRuntimeArn"], qualifier="prod")
    assert "qualifier 'prod' for agent" in fault.message


def test_a_runtime_serves_from_ready_until_deleting(control: LocalControl) -> None:
    control.lifecycle.open.clear()
    made = control.create()
    arn, runtime_id = made["agentRuntimeArn"], made["agentRuntimeId"]
    assert refusal(control, arn).status == 404
    control.lifecycle.open.set()
    control.settle()
    assert control.plane.resolve(arn, None, "DEFAULT").version == "1"

    control.lifecycle.open.clear()
    control.update(runtime_id)
    assert control.plane.resolve(arn, None, "DEFAULT").version == "1"
    control.lifecycle.open.set()
    control.settle()
    assert control.plane.resolve(arn, None, "DEFAULT").version == "2"

    control.lifecycle.open.clear()
    control.delete(runtime_id)
    assert refusal(control, arn).status == 404


def test_a_named_endpoint_leads_to_its_own_version(control: LocalControl) -> None:
    made = control.ready(environmentVariables={"V": "1"})
    control.update(made["agentRuntimeId"], environmentVariables={"V": "2"})
    control.settle()
    control.create_endpoint(made["agentRuntimeId"], "prod", agentRuntimeVersion="1")
    control.settle()
    prod = control.plane.resolve(made["agentRuntimeArn"], None, "prod")
    assert (prod.endpoint, prod.version, prod.settings.environment) == ("prod", "1", {"V": "1"})


def test_the_fault_not_found_after_ready(control: LocalControl) -> None:
    arn = control.ready()["agentRuntimeArn"]
    control.faults.arm("not-found-after-ready", 1)
    assert refusal(control, arn).status == 404
    assert control.plane.resolve(arn, None, "DEFAULT").version == "1"


def test_prepare_is_told_what_resolve_tells(control: LocalControl) -> None:
    arn = control.ready(environmentVariables={"A": "1"})["agentRuntimeArn"]
    (prepared,) = control.lifecycle.prepared
    assert prepared == control.plane.resolve(arn, None, "DEFAULT")


@pytest.mark.parametrize(("metadata", "expected"), [({"requireMMDSV2": True}, {"requireMMDSV2": True}), (None, None)])
def test_new_runtimes_require_mmdsv2_or_say_nothing(tmp_path: Any, metadata: Any, expected: Any) -> None:
    with asyncio.Runner() as runner:
        control = LocalControl(tmp_path, runner, metadata=metadata)
        runtime_id = control.ready()["agentRuntimeId"]
        assert control.get(runtime_id).get("metadataConfiguration") == expected
        control.update(runtime_id, metadataConfiguration={"requireMMDSV2": False})
        assert control.get(runtime_id)["metadataConfiguration"] == {"requireMMDSV2": False}
        control.settle()
        control.update(runtime_id)
        assert control.get(runtime_id).get("metadataConfiguration") == expected
        control.close()


@pytest.mark.parametrize(
    ("role", "region", "owner"),
    [
        pytest.param("arn:aws:iam::123456789012:role/Agent", "us-west-2", "aws:123456789012", id="account"),
        pytest.param("arn:aws-cn:iam::210987654321:role/Agent", "cn-north-1", "aws-cn:210987654321", id="partition"),
        pytest.param("arn:aws:iam:::role/Agent", "us-west-2", f"aws:{LOCAL_ACCOUNT}", id="no-account"),
    ],
)
def test_a_runtime_belongs_to_the_account_of_its_role(
    control: LocalControl, role: str, region: str, owner: str
) -> None:
    partition, account = owner.split(":")
    body = {"agentRuntimeName": "agent", **SETTINGS, "roleArn": role}
    _, made = control.call("PUT", "/runtimes/", body, region=region)
    control.settle()
    assert made["agentRuntimeArn"] == (
        f"arn:{partition}:bedrock-agentcore:{region}:{account}:runtime/{made['agentRuntimeId']}"
    )
    assert made["workloadIdentityDetails"]["workloadIdentityArn"].startswith(
        f"arn:{partition}:bedrock-agentcore:{region}:{account}:"
    )
    assert control.plane.resolve(made["agentRuntimeId"], account, "DEFAULT").runtime_arn == made["agentRuntimeArn"]
    with pytest.raises(ServiceFault):
        control.plane.resolve(made["agentRuntimeId"], "999999999999", "DEFAULT")
