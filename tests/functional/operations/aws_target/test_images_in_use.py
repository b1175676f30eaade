"""What an endpoint runs stays in ECR, while that expires old images at any time: here before each call that is made."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.events import Note, ignore
from agentcore_cli.operations.deploy.endpoints import (
    EndpointRequest,
    create_endpoint,
    delete_endpoint,
    update_endpoint,
)
from agentcore_cli.operations.deploy.permissions import caller_permissions
from agentcore_cli.operations.deploy.rollback import RollbackRequest, rollback
from agentcore_cli.resources.iam.policy_document import missing
from tests.fakes.aws_answers import access_denied
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import instead
from tests.fakes.ecr_lifecycle import expire
from tests.functional.operations.aws_target.cloud import IMAGE_REPOSITORY
from tests.functional.operations.aws_target.every_builder import EveryBuilder
from tests.functional.operations.aws_target.test_builder_permissions import wanted

CHANGES = ("Create", "Update", "Put", "Delete", "Batch", "Tag", "Untag")


@dataclass
class Shop:
    """An agent whose repository keeps two images. `lost` are endpoints that were seen to run what is gone."""

    yard: EveryBuilder
    builder: str = "docker"
    lost: list[str] = field(default_factory=list)
    code: int = 0
    evaluating: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def ecr(self) -> Any:
        return self.yard.cloud.as_callers_see("ecr")

    @cached_property
    def control(self) -> Any:
        """AgentCore, past the proxy."""
        return self.yard.cloud.control.client()

    @property
    def repository(self) -> str:
        (name,) = {item["repositoryName"] for item in self.ecr.describe_repositories()["repositories"]} - {
            IMAGE_REPOSITORY
        }
        return str(name)

    @property
    def kept(self) -> dict[str, Any]:
        """The lifecycle policy: the tags that it names, and how many it keeps besides."""
        rules = json.loads(self.ecr.get_lifecycle_policy(repositoryName=self.repository)["lifecyclePolicyText"])[
            "rules"
        ]
        named = [rule["selection"]["tagPatternList"][0] for rule in rules[:-1]]
        return {"named": named, "newest": rules[-1]["selection"]["countNumber"]}

    def expires_at_each_call(self) -> None:
        self.yard.cloud.proxy.interfere(self._expire_before, lambda call, request, forward: forward(request))

    def _expire_before(self, call: Call) -> bool:
        if is_change(call) and self.evaluating.acquire(blocking=False):  # not before the calls that come of it
            try:
                self.expire()
            finally:
                self.evaluating.release()
        return False

    def expire(self) -> None:
        """ECR carries its policy out."""
        repositories = {item["repositoryName"] for item in self.ecr.describe_repositories()["repositories"]}
        for name in repositories - {IMAGE_REPOSITORY}:
            try:
                expire(self.ecr, name)
            except self.ecr.exceptions.LifecyclePolicyNotFoundException:
                continue  # it is just being made
        self.lost += [name for name, uri in self.running().items() if not self.has(uri)]

    def running(self) -> dict[str, str]:
        """The images that endpoints answer with or are on their way to."""
        found = {}
        for item in self.control.list_agent_runtimes()["agentRuntimes"]:
            id = item["agentRuntimeId"]
            for endpoint in self.control.list_agent_runtime_endpoints(agentRuntimeId=id)["runtimeEndpoints"]:
                for version in {endpoint.get("liveVersion"), endpoint.get("targetVersion")} - {None}:
                    if uri := self.image_of(version):
                        found[f"{endpoint['name']} {version}"] = uri
        return found

    def image_of(self, version: str) -> str:
        """The URI; empty for a version that runs from a zip."""
        (item,) = self.control.list_agent_runtimes()["agentRuntimes"]
        there = self.control.get_agent_runtime(agentRuntimeId=item["agentRuntimeId"], agentRuntimeVersion=version)
        return str(there["agentRuntimeArtifact"].get("containerConfiguration", {}).get("containerUri", ""))

    def has(self, uri: str) -> bool:
        return self.yard.has({"containerConfiguration": {"containerUri": uri}})

    def digests(self) -> int:
        return len({item["imageDigest"] for item in self.ecr.list_images(repositoryName=self.repository)["imageIds"]})

    def change(self, **settings: str) -> None:
        self.code += 1
        (self.yard.project.root / "handler.py").write_text(f"from http.server import HTTPServer\n# {self.code}\n")
        self.take(**settings)

    def take(self, **settings: str) -> None:
        self.yard.take(self.builder, **({"keep_images": "2"} | settings))

    def deploy_changed(self, times: int = 1, **settings: str) -> None:
        for _ in range(times):
            self.change(**settings)
            self.yard.project.deploy(smoke=False)

    def does(self, verb: Callable[..., Any], *request: Any, **options: Any) -> Any:
        made = RollbackRequest if verb is rollback else EndpointRequest
        return verb(made(*request, **options), self.yard.project.selected, self.yard.project.heard)

    def changes(self) -> list[str]:
        """The calls so far that change something."""
        return [call.name for call in self.yard.cloud.proxy.calls if is_change(call)]


def is_change(call: Call) -> bool:
    return call.operation.startswith(CHANGES) and call.operation != "BatchGetImage"


@pytest.fixture
def shop(yard: EveryBuilder) -> Shop:
    return Shop(yard)


@pytest.mark.long
def test_what_endpoints_run_is_there_at_each_call_of_a_life(shop: Shop) -> None:
    """So a kill after any of them leaves nothing without its image, either."""
    shop.expires_at_each_call()
    shop.deploy_changed()
    shop.does(create_endpoint, "prod", "1")
    shop.does(create_endpoint, "stable")
    shop.deploy_changed(3)
    assert shop.yard.project.plan().pending == ()
    assert shop.does(rollback, "3").changed
    shop.deploy_changed(2)
    shop.does(update_endpoint, "prod", "6")
    shop.does(delete_endpoint, "stable")
    shop.deploy_changed(2)
    assert shop.yard.project.plan().pending == ()
    shop.expire()
    assert shop.lost == []
    assert len(set(shop.running().values())) == 2
    assert shop.digests() == 3, "prod's and the two newest"
    assert not shop.has(shop.image_of("1")), "what nobody runs any more goes"


@pytest.mark.long
def test_pushes_that_nobody_comes_to_run_take_nothing_away(shop: Shop) -> None:
    """DEFAULT stays where it is while one deploy after the other fails behind its push."""
    shop.expires_at_each_call()
    shop.deploy_changed()
    shop.yard.cloud.proxy.interfere(lambda call: call.operation == "UpdateAgentRuntime", instead(access_denied))
    for _ in range(4):
        with pytest.raises(AgentcoreError):
            shop.deploy_changed()
    assert shop.lost == []
    assert shop.digests() == 3


@pytest.mark.long
def test_documents_beside_images_are_counted_and_take_none_that_runs_away(shop: Shop) -> None:
    shop.builder = "oci"
    shop.deploy_changed(sbom="true", keep_images="1")
    shop.does(create_endpoint, "prod", "1")
    for _ in range(3):
        shop.deploy_changed(sbom="true", keep_images="1")
        shop.expire()
    assert shop.kept["newest"] == 3
    assert shop.lost == []
    assert len(shop.kept["named"]) == 3, "prod's, DEFAULT's, and what DEFAULT ran when the last deploy began"
    shop.take(sbom="true", keep_images="1")
    assert shop.yard.project.plan().pending == ()


def test_a_version_whose_image_is_gone_is_refused_before_anything_changes(shop: Shop) -> None:
    shop.deploy_changed(4)
    shop.does(create_endpoint, "prod", "4")
    shop.expire()
    gone = shop.image_of("1")
    assert not shop.has(gone)
    shop.yard.cloud.proxy.begin_anew()
    for verb, request, options in (
        (rollback, ("1",), {}),
        (rollback, ("1",), {"endpoint": "prod"}),
        (create_endpoint, ("beta", "1"), {}),
        (update_endpoint, ("prod", "1"), {}),
    ):
        with pytest.raises(InputError, match="version 1: its image is not in ECR any more") as caught:
            shop.does(verb, *request, **options)
        assert gone in caught.value.message
        assert "deploy the code" in (caught.value.hint or "")
    assert shop.changes() == []


@pytest.mark.long
def test_what_others_did_is_shown_by_a_plan_and_set_right(shop: Shop) -> None:
    shop.deploy_changed(3)
    id = shop.yard.cloud.the_runtime()["agentRuntimeId"]
    shop.control.create_agent_runtime_endpoint(agentRuntimeId=id, name="theirs", agentRuntimeVersion="1")
    (change,) = shop.yard.project.plan().pending
    ((name, old, new),) = [(field.field, field.old, field.new) for field in change.fields]
    assert (change.key, name, len(old), new) == ("repository", "unprotected_images", 1, [])
    assert shop.yard.project.status().drift == (change,)
    shop.deploy_changed(keep_images="1")
    assert shop.yard.project.plan().pending == ()
    tags = shop.kept["named"]
    assert (old[0] in tags, shop.kept["newest"]) == (True, 1)
    plain = {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}}
    theirs = json.dumps({"rules": [plain | {"action": {"type": "expire"}, "description": "Keep the last 1 images"}]})
    for spoil in (
        lambda: shop.ecr.put_lifecycle_policy(repositoryName=shop.repository, lifecyclePolicyText=theirs),
        lambda: shop.ecr.delete_lifecycle_policy(repositoryName=shop.repository),
    ):
        spoil()
        shop.take(keep_images="1")
        (change,) = shop.yard.project.plan().pending
        assert "unprotected_images" in {field.field for field in change.fields}
        shop.yard.project.deploy(smoke=False)
        assert (old[0] in shop.kept["named"], shop.kept["newest"]) == (True, 1)
        assert (len(shop.kept["named"]), {*shop.kept["named"]} <= {*tags}) == (2, True)


def test_a_policy_of_others_is_left_alone_where_nothing_is_deployed(shop: Shop) -> None:
    shop.deploy_changed(2)
    shop.ecr.delete_lifecycle_policy(repositoryName=shop.repository)
    shop.yard.cloud.proxy.begin_anew()
    shop.does(create_endpoint, "prod", "1")
    assert shop.changes() == ["bedrock-agentcore:CreateAgentRuntimeEndpoint"]


def test_a_repository_of_others_keeps_its_own_policy(shop: Shop) -> None:
    shop.builder = "oci"
    shop.deploy_changed(2, ecr_repository=IMAGE_REPOSITORY)
    shop.does(create_endpoint, "prod", "1")
    shop.does(rollback, "1")
    assert [name for name in shop.changes() if name.startswith("ecr:")] == []
    assert not any("Lifecycle" in name for name in shop.yard.cloud.proxy.names)


@pytest.mark.long
def test_without_the_state_file_the_same_is_kept(shop: Shop) -> None:
    shop.expires_at_each_call()
    shop.deploy_changed(2)
    shop.yard.project.state.unlink()
    shop.does(create_endpoint, "prod", "1")
    shop.deploy_changed(3)
    shop.expire()
    assert shop.lost == []
    assert len(shop.kept["named"]) == 3, "prod's, DEFAULT's, and what DEFAULT ran when the last deploy began"


@pytest.mark.long
def test_permissions_are_enough_where_another_builder_came_after(shop: Shop) -> None:
    shop.deploy_changed()
    shop.yard.take("zip", keep_images="2")
    shop.yard.project.deploy(smoke=False)
    policy = caller_permissions(shop.yard.project.selected, ignore).policy
    shop.yard.cloud.proxy.begin_anew()
    shop.yard.cloud.proxy.interfere(
        lambda call: call.service != "sts" and bool(missing({"Statement": wanted(call)}, [policy])),
        instead(access_denied),
    )
    shop.yard.project.heard.events.clear()
    shop.does(create_endpoint, "prod", "1")
    shop.does(rollback, "1")
    shop.yard.project.destroy()
    assert [event.message for event in shop.yard.project.heard.events if isinstance(event, Note)] == []


def test_who_may_not_look_at_images_goes_back_all_the_same_and_is_told(shop: Shop) -> None:
    shop.deploy_changed(2)
    shop.yard.cloud.proxy.interfere(lambda call: call.service == "ecr", instead(access_denied))
    shop.does(rollback, "1")
    notes = [event.message for event in shop.yard.project.heard.events if isinstance(event, Note)]
    assert any("not looked at whether the image of version 1 is there" in note for note in notes)
    assert any("ECR may let the image go" in note for note in notes)
