"""Versions, rollbacks and named endpoints, and what the other verbs say after them."""

from __future__ import annotations

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError, NotFoundError
from agentcore_cli.operations.deploy.endpoints import (
    EndpointRequest,
    create_endpoint,
    delete_endpoint,
    list_endpoints,
    update_endpoint,
)
from agentcore_cli.operations.deploy.rollback import RollbackRequest, RollbackResult, rollback
from agentcore_cli.operations.deploy.versions import versions
from tests.functional.operations.aws_target.cloud import IMAGE, OTHER_IMAGE, Cloud, Project


@pytest.fixture
def twice(project: Project) -> Project:
    """Version 1 with one image and variable, version 2 with others."""
    project.configure(environment="{MODE: quiet}")
    project.deploy()
    project.configure(image=OTHER_IMAGE, environment="{MODE: loud}", description="Second")
    project.deploy()
    return project


def back(project: Project, to: str | None = None, **options: str) -> RollbackResult:
    return rollback(RollbackRequest(to, **options), project.selected, project.heard)


def image_of(cloud: Cloud) -> str:
    artifact = cloud.the_runtime()["agentRuntimeArtifact"]
    return str(artifact["containerConfiguration"]["containerUri"])


def test_a_rollback_is_a_new_version_like_the_one_before(twice: Project, cloud: Cloud) -> None:
    result = back(twice)
    assert (result.previous, result.rolled_back_to, result.version, result.changed) == ("2", "1", "3", True)
    there = cloud.the_runtime()
    assert image_of(cloud) == IMAGE
    assert there["environmentVariables"] == {"MODE": "quiet"}
    assert "description" not in there
    assert there["metadataConfiguration"] == {"requireMMDSV2": True}
    assert cloud.runtimes() == {"bot": ("READY", "3", "3")}


def test_after_a_rollback_plan_and_status_say_so_and_a_deploy_goes_forward(twice: Project, cloud: Cloud) -> None:
    back(twice)
    (change,) = twice.plan().pending
    assert (change.action, change.reason) == (
        Action.UPDATE,
        "rolled back to version 1; a deploy goes forward again",
    )
    assert {field.field for field in change.fields} == {"artifact.image", "environment.MODE", "description"}
    assert twice.status().drift == (change,)
    assert twice.status().artifact == IMAGE
    assert twice.deploy().version == "4"
    assert image_of(cloud) == OTHER_IMAGE
    assert twice.plan().pending == ()


def test_two_rollbacks_go_back_twice_instead_of_undoing_each_other(twice: Project) -> None:
    twice.configure(description="Third")
    twice.deploy()
    assert back(twice).rolled_back_to == "2"
    assert back(twice).rolled_back_to == "1"
    with pytest.raises(InputError, match="no version before 1"):
        back(twice)


def test_a_named_version_is_gone_back_to_and_the_same_one_changes_nothing(twice: Project) -> None:
    assert not back(twice, "2").changed
    assert back(twice, "1").version == "3"
    with pytest.raises(NotFoundError, match="version 9: not there"):
        back(twice, "9")


def test_tags_and_variables_of_the_command_line_survive_a_rollback(project: Project, cloud: Cloud) -> None:
    from agentcore_cli.resources.deployment import Overrides

    project.configure(tags="{team: one}")
    project.deploy(overrides=Overrides({"KEY": "first"}))
    project.deploy(overrides=Overrides({"KEY": "second"}))
    back(project)
    assert cloud.the_runtime()["environmentVariables"] == {"KEY": "first"}
    assert project.plan().pending == ()
    assert "first" not in project.state.read_text()


def test_versions_are_listed_with_the_endpoints_that_lead_to_them(twice: Project) -> None:
    create_endpoint(EndpointRequest("prod", "1"), twice.selected, twice.heard)
    listed = versions(twice.selected, twice.heard).versions
    assert [(v.version, v.endpoints) for v in listed] == [("2", ("DEFAULT",)), ("1", ("prod",))]


def test_a_named_endpoint_is_made_moved_rolled_back_and_deleted(twice: Project) -> None:
    selected, heard = twice.selected, twice.heard
    made = create_endpoint(EndpointRequest("prod", "1", "For customers"), selected, heard).endpoint
    assert made
    assert (made.status, made.live_version) == ("READY", "1")
    moved = update_endpoint(EndpointRequest("prod", "2"), selected, heard)
    assert moved.endpoint
    assert (moved.changed, moved.endpoint.live_version) == (True, "2")
    assert not update_endpoint(EndpointRequest("prod", "2"), selected, heard).changed
    result = back(twice, endpoint="prod")
    assert (result.endpoint, result.previous, result.version) == ("prod", "2", "1")
    names = [endpoint.name for endpoint in list_endpoints(selected, heard).endpoints]
    assert names == ["DEFAULT", "prod"]
    delete_endpoint(EndpointRequest("prod"), selected, heard)
    with pytest.raises(NotFoundError):
        delete_endpoint(EndpointRequest("prod"), selected, heard)
    assert twice.plan().pending == ()


def test_an_endpoint_s_faults_are_told_as_what_they_are(twice: Project) -> None:
    selected, heard = twice.selected, twice.heard
    create_endpoint(EndpointRequest("prod"), selected, heard)
    with pytest.raises(ConflictError) as taken:
        create_endpoint(EndpointRequest("prod"), selected, heard)
    assert "endpoints update prod" in (taken.value.hint or "")
    with pytest.raises(NotFoundError):
        create_endpoint(EndpointRequest("beta", "9"), selected, heard)
    with pytest.raises(InputError, match="48 characters"):
        create_endpoint(EndpointRequest("not-a-name"), selected, heard)
    with pytest.raises(InputError, match="follows the newest"):
        delete_endpoint(EndpointRequest("DEFAULT"), selected, heard)
    with pytest.raises(NotFoundError, match="endpoint nobody"):
        back(twice, endpoint="nobody")


def fail_to_move(twice: Project, cloud: Cloud) -> None:
    """Endpoint `prod` answers with version 1, and the move to 2 has failed."""
    create_endpoint(EndpointRequest("prod", "1"), twice.selected, twice.heard)
    cloud.control.lifecycle.fail_artifact("no such image")
    with pytest.raises(AgentcoreError, match="UPDATE_FAILED: no such image"):
        update_endpoint(EndpointRequest("prod", "2"), twice.selected, twice.heard)
    cloud.control.lifecycle.failure = None


def test_an_endpoint_that_failed_to_move_is_set_right_by_an_update(twice: Project, cloud: Cloud) -> None:
    fail_to_move(twice, cloud)
    result = update_endpoint(EndpointRequest("prod", "1"), twice.selected, twice.heard)
    assert result.changed
    assert result.endpoint
    assert (result.endpoint.status, result.endpoint.target_version) == ("READY", "1")


def test_an_endpoint_that_failed_to_move_is_set_right_by_a_rollback(twice: Project, cloud: Cloud) -> None:
    fail_to_move(twice, cloud)
    assert twice.status().failure == "endpoint prod: UPDATE_FAILED: no such image"
    assert back(twice, "1", endpoint="prod").changed
    assert twice.status().failure is None
    assert not back(twice, "1", endpoint="prod").changed


def test_a_destroy_takes_named_endpoints_along(twice: Project, cloud: Cloud) -> None:
    create_endpoint(EndpointRequest("prod"), twice.selected, twice.heard)
    twice.destroy()
    assert cloud.runtimes() == {}


def test_nothing_deployed_is_said_by_every_verb(project: Project) -> None:
    for ask in (project.status, lambda: back(project), lambda: list_endpoints(project.selected, project.heard)):
        with pytest.raises(NotFoundError, match="bot: not deployed on aws") as caught:
            ask()
        assert caught.value.hint == "agentcore deploy --target aws"
