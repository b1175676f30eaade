"""The runtime on AWS: every setting, MMDSv2 both ways, a role that IAM is still spreading, states that fail."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import AgentcoreError, StillInProgressError
from agentcore_cli.events import Step
from tests.fakes.aws_answers import refusal
from tests.fakes.aws_faults import instead, named
from tests.functional.operations.aws_target.cloud import OTHER_IMAGE, Cloud, Project

FULL = {
    "protocol": "MCP",
    "description": "A bot",
    "environment": "{MODE: quiet}",
    "lifecycle": "{idle_timeout: 60, max_lifetime: 120}",
    "session_storage": "/mnt/data/",
    "network": "{subnets: [subnet-11111111, subnet-22222222], security_groups: [sg-11111111]}",
    "authorizer": "{discovery_url: 'https://idp.example/.well-known/openid-configuration', clients: [a, b]}",
    "header_allowlist": "[X-Tenant]",
    "tags": "{team: one}",
}


def test_every_setting_of_the_config_gets_there_and_a_second_deploy_has_nothing_to_do(
    project: Project, cloud: Cloud
) -> None:
    project.configure(**FULL)
    project.deploy()
    there = cloud.the_runtime()
    assert there["protocolConfiguration"] == {"serverProtocol": "MCP"}
    assert there["description"] == "A bot"
    assert there["lifecycleConfiguration"] == {"idleRuntimeSessionTimeout": 60, "maxLifetime": 120}
    assert there["filesystemConfigurations"] == [{"sessionStorage": {"mountPath": "/mnt/data"}}]
    assert there["networkConfiguration"]["networkModeConfig"]["subnets"] == ["subnet-11111111", "subnet-22222222"]
    assert there["authorizerConfiguration"]["customJWTAuthorizer"]["allowedClients"] == ["a", "b"]
    assert there["requestHeaderConfiguration"] == {"requestHeaderAllowlist": ["X-Tenant"]}
    assert not project.deploy().changed


def test_a_runtime_made_without_mmdsv2_gets_it_before_the_deploy_is_done(project: Project, cloud: Cloud) -> None:
    cloud.control.faults.arm("no-mmdsv2", 1)
    result = project.deploy()
    assert cloud.the_runtime()["metadataConfiguration"] == {"requireMMDSV2": True}
    assert result.version == "2"
    assert cloud.proxy.names.count("bedrock-agentcore:UpdateAgentRuntime") == 1
    assert project.plan().pending == ()


def test_a_runtime_made_with_mmdsv2_is_not_updated_for_it(project: Project, cloud: Cloud) -> None:
    assert project.deploy().version == "1"
    assert "bedrock-agentcore:UpdateAgentRuntime" not in cloud.proxy.names


def test_every_update_resends_mmdsv2(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.control.faults.arm("no-mmdsv2", 1)  # strikes a version that was not told
    project.configure(image=OTHER_IMAGE)
    project.deploy()
    assert cloud.the_runtime()["metadataConfiguration"] == {"requireMMDSV2": True}


def test_a_role_that_iam_is_still_spreading_is_waited_for_and_one_runtime_is_made(
    project: Project, cloud: Cloud
) -> None:
    cloud.control.faults.arm("role-unusable", 2)
    project.deploy()
    assert cloud.proxy.names.count("bedrock-agentcore:CreateAgentRuntime") == 3
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    told = [event.message for event in project.heard.events if isinstance(event, Step) and event.status == "progress"]
    assert any("waiting until the role can be used" in message for message in told)


def test_an_update_waits_for_the_role_as_well(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.control.faults.arm("role-unusable", 1)
    project.configure(image=OTHER_IMAGE)
    assert project.deploy().version == "2"


def test_a_role_that_stays_unusable_ends_the_deploy_and_the_next_one_goes_on(project: Project, cloud: Cloud) -> None:
    cloud.control.faults.arm("role-unusable", 1000)
    with pytest.raises(AgentcoreError, match="Role validation failed") as caught:
        project.deploy(timeout=1)
    assert "trusts bedrock-agentcore.amazonaws.com" in (caught.value.hint or "")
    cloud.control.faults.arm("role-unusable", 0)
    project.deploy()
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}


def test_another_refusal_of_the_input_fails_at_once(project: Project, cloud: Cloud) -> None:
    refused = partial(refusal, status=400, code="Validation", message="The protocol is not to be had in this region")
    cloud.proxy.interfere(named("bedrock-agentcore:CreateAgentRuntime"), instead(refused))
    with pytest.raises(AgentcoreError, match="not to be had in this region"):
        project.deploy()
    assert cloud.proxy.names.count("bedrock-agentcore:CreateAgentRuntime") == 1


def test_a_failed_create_is_told_with_its_reason_and_replaced_with_consent(project: Project, cloud: Cloud) -> None:
    cloud.control.faults.arm("create-failed", 1)
    with pytest.raises(AgentcoreError, match="CREATE_FAILED: ") as caught:
        project.deploy()
    assert caught.value.hint
    (change,) = project.plan().pending
    assert change.action is Action.REPLACE
    with pytest.raises(AgentcoreError, match="the answer was no"):
        project.deploy(answer=False)
    project.deploy()
    assert project.asked == [("runtime",), ("runtime",)]
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}


def test_out_of_time_says_what_goes_on_and_the_next_deploy_goes_on(project: Project, cloud: Cloud) -> None:
    cloud.control.faults.arm("not-ready", 100_000)
    with pytest.raises(StillInProgressError) as caught:
        project.deploy(timeout=1)
    assert caught.value.exit_code == 7
    cloud.control.faults.arm("not-ready", 0)
    assert project.deploy().version == "1"


def test_without_waiting_a_deploy_ends_at_once(project: Project, cloud: Cloud) -> None:
    cloud.control.faults.arm("not-ready", 100_000)
    assert project.deploy(wait=False).version == "1"


def test_a_change_waits_for_the_one_that_is_under_way(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    cloud.control.hold()
    project.deploy(wait=False)
    project.configure(image=OTHER_IMAGE)
    with pytest.raises(StillInProgressError):
        project.deploy(timeout=1)
    cloud.control.release()
    assert project.deploy().version == "2"
    assert cloud.runtimes() == {"bot": ("READY", "2", "2")}


def test_settings_that_the_config_does_not_know_are_kept_by_an_update(project: Project, cloud: Cloud) -> None:
    arn = "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-0123456789abcdef0"
    project.configure(**FULL)
    project.deploy()
    there = cloud.the_runtime()
    claim = {
        "inboundTokenClaimName": "team",
        "inboundTokenClaimValueType": "STRING",
        "authorizingClaimMatchValue": {
            "claimMatchValue": {"matchValueString": "one"},
            "claimMatchOperator": "EQUALS",
        },
    }
    jwt = there["authorizerConfiguration"]["customJWTAuthorizer"] | {"customClaims": [claim]}
    mounts = [*there["filesystemConfigurations"], {"efsAccessPoint": {"accessPointArn": arn, "mountPath": "/mnt/efs"}}]
    with cloud.agentcore() as client:
        members = client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
        same = {name: there[name] for name in members if name in there}
        changed = {
            "authorizerConfiguration": {"customJWTAuthorizer": jwt},
            "filesystemConfigurations": mounts,
            "protocolConfiguration": {"serverProtocol": "MCP", "port": 8100},
        }
        client.update_agent_runtime(**(same | changed))
    assert project.plan().pending == ()
    project.configure(**FULL | {"description": "New"})
    project.deploy()
    there = cloud.the_runtime()
    assert there["description"] == "New"
    assert there["authorizerConfiguration"]["customJWTAuthorizer"]["customClaims"] == [claim]
    assert there["protocolConfiguration"] == {"serverProtocol": "MCP", "port": 8100}
    assert {next(iter(mount)) for mount in there["filesystemConfigurations"]} == {"sessionStorage", "efsAccessPoint"}


def test_a_destroy_in_a_vpc_tells_of_the_interfaces_that_linger(project: Project) -> None:
    project.configure(network=FULL["network"])
    project.deploy()
    project.destroy()
    notes = [str(event) for event in project.heard.events]
    assert any("agentic_ai" in note and "8 hours" in note for note in notes)
