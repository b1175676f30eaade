"""An AWS account of stand-ins: moto's server, and our control plane for AgentCore; and a project to deploy there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from agentcore_cli.operations.deploy.deploy import DeployRequest, DeployResult, deploy
from agentcore_cli.operations.deploy.destroy import DestroyRequest, DestroyResult, destroy
from agentcore_cli.operations.deploy.plan import PlanResult, plan
from agentcore_cli.operations.deploy.status import StatusResult, status
from agentcore_cli.operations.selection import Options, Selected, select
from agentcore_cli.resources.deployment import Overrides
from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.code_bridge import CodeBridge
from tests.fakes.codebuild import CodeBuildStandIn
from tests.fakes.control import PARTNER
from tests.fakes.control_server import ControlServer
from tests.fakes.ecr_bridge import EcrBridge, Pushed
from tests.fakes.moto_buckets import MotoBuckets
from tests.fakes.things import Heard
from tests.fakes.transaction_search import TransactionSearch
from tests.same_process import SameProcess
from tests.stand_ins import ACCOUNT, REGION, Moto

IMAGE_REPOSITORY = "team/bot"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bot@sha256:{'1' * 64}"
OTHER_IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/bot@sha256:{'2' * 64}"
_OCI = "application/vnd.oci.image"
CONFIG = """\
version: 1
project: cloudy-1a2b3c
agents:
  bot:
    entrypoint: handler.py
    image: {image}
{agent}
default_target: aws
targets:
  aws: {target}
  staging: {target}
"""


@dataclass
class Cloud:
    """`proxy` names every call; behind it `control` is AgentCore's control plane, `codebuild` what builds, `search`
    CloudWatch's queries over spans, `moto` everything else.
    """

    moto: Moto
    control: ControlServer
    proxy: AwsProxy
    search: TransactionSearch
    codebuild: CodeBuildStandIn

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def roles(self) -> list[str]:
        return sorted(role["RoleName"] for role in self.moto.client("iam").list_roles()["Roles"])

    def runtimes(self) -> dict[str, tuple[str, str, str]]:
        """By name: status, newest version, version that DEFAULT answers with."""
        with self.agentcore() as client:
            found = {}
            for item in client.list_agent_runtimes()["agentRuntimes"]:
                identity = {"agentRuntimeId": item["agentRuntimeId"]}
                endpoint = client.get_agent_runtime_endpoint(**identity, endpointName="DEFAULT")
                found[item["agentRuntimeName"]] = (item["status"], item["agentRuntimeVersion"], endpoint["liveVersion"])
            return found

    def the_runtime(self) -> Any:
        """GetAgentRuntime of the only one."""
        with self.agentcore() as client:
            (item,) = client.list_agent_runtimes()["agentRuntimes"]
            return client.get_agent_runtime(agentRuntimeId=item["agentRuntimeId"])

    def code(self) -> Any:
        """The only runtime's codeConfiguration, as AgentCore tells it."""
        with self.agentcore() as client:
            (item,) = client.list_agent_runtimes()["agentRuntimes"]
        shown = self.as_callers_see("bedrock-agentcore-control").get_agent_runtime(
            agentRuntimeId=item["agentRuntimeId"]
        )
        return shown["agentRuntimeArtifact"]["codeConfiguration"]

    def zips(self) -> dict[str, int]:
        """Of the only bucket: how many versions each key has; none where there is no bucket."""
        s3 = self.moto.client("s3")
        found: dict[str, int] = {}
        for bucket in s3.list_buckets()["Buckets"]:
            for item in s3.list_object_versions(Bucket=bucket["Name"]).get("Versions", ()):
                found[item["Key"]] = found.get(item["Key"], 0) + 1
        return found

    def as_callers_see(self, service: str) -> Any:
        """Plain boto3 by way of the proxy."""
        return self.moto.client(service, endpoint_url=self.proxy.url)

    def create_image_repository(self, region: str = REGION) -> None:
        """The repository of the project's image, with the two images that deploys are told to use."""
        self.moto.client("ecr", region).create_repository(repositoryName=IMAGE_REPOSITORY)
        for tag, uri in (("v1", IMAGE), ("v2", OTHER_IMAGE)):
            self.publish(tag, uri.rpartition("@")[2], region=region)

    def publish(
        self, tag: str, digest: str, *, architecture: str = "arm64", size: int = 1000, region: str = REGION
    ) -> None:
        """An index with one image of one layer, `size` bytes, in the repository of the project's image."""
        child = f"sha256:{sha256(digest.encode()).hexdigest()}"
        layer, config = {"digest": child, "size": size}, {"digest": child, "size": 10}
        manifest = {"mediaType": f"{_OCI}.manifest.v1+json", "config": config, "layers": [layer]}
        platform = {"os": "linux", "architecture": architecture}
        index = {"mediaType": f"{_OCI}.index.v1+json", "manifests": [{"digest": child, "platform": platform}]}
        for name, its_digest, content in ((f"{tag}-image", child, manifest), (tag, digest, index)):
            text = json.dumps({"schemaVersion": 2, "of": tag, **content})
            self.moto.client("ecr", region).put_image(
                repositoryName=IMAGE_REPOSITORY, imageManifest=text, imageTag=name, imageDigest=its_digest
            )

    @contextmanager
    def agentcore(self) -> Iterator[Any]:
        """Plain boto3 on the control plane, past the proxy."""
        client = self.control.client()
        try:
            yield client
        finally:
            client.close()


@contextmanager
def open_cloud(moto: Moto, folder: Path, *, registry: Pushed | None = None, **options: Any) -> Iterator[Cloud]:
    """With `registry`, moto's ECR knows what is pushed to it."""
    bridge = EcrBridge(registry, moto.url) if registry else None
    search = TransactionSearch(moto.client("logs"))
    codebuild = CodeBuildStandIn(moto.client, folder / "codebuild")
    with (
        closing(bridge) if bridge else nullcontext(),
        ControlServer(folder / "control", **options) as control,
        AwsProxy(
            {"bedrock-agentcore": control.url},
            otherwise=moto.url,
            bridges={
                "s3": MotoBuckets(moto.client("s3")),
                "codebuild": codebuild,
                "bedrock-agentcore": CodeBridge(moto.client("s3"), control.home.artifacts),
                "logs": search,
                "xray": search,
                **({"ecr": bridge} if bridge else {}),
            },
        ) as proxy,
    ):
        cloud = Cloud(moto, control, proxy, search, codebuild)
        cloud.create_image_repository()
        yield cloud


@dataclass
class Project:
    """A folder with one agent `bot`, and what is done with it."""

    root: Path
    cloud: Cloud
    target: str = "aws"
    heard: Heard = field(default_factory=Heard)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path, cloud: Cloud, **settings: str) -> Project:
        root.mkdir(parents=True, exist_ok=True)
        (root / "handler.py").write_text("from http.server import HTTPServer\n")
        project = cls(root, cloud)
        project.configure(**settings)
        return project

    def configure(self, *, image: str = IMAGE, on_target: str = f"{{region: {REGION}}}", **settings: str) -> None:
        """Set keys of the agent, and the targets, as YAML texts."""
        lines = "".join(f"    {name}: {value}\n" for name, value in settings.items())
        (self.root / ".agentcore.yaml").write_text(CONFIG.format(image=image, agent=lines, target=on_target))

    def allow_callers(self, action: str = "bedrock-agentcore:InvokeAgentRuntime") -> None:
        """Write callers.json, a policy for `resource_policy`."""
        statement = {"Sid": "Partners", "Effect": "Allow", "Principal": PARTNER, "Action": action}
        (self.root / "callers.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    @property
    def state(self) -> Path:
        return self.root / ".agentcore" / f"{self.target}.json"

    @property
    def selected(self) -> Selected:
        return select(Options(config=self.root / ".agentcore.yaml", target=self.target))

    def deploy(self, *, answer: bool = True, overrides: Overrides | None = None, **options: Any) -> DeployResult:
        def consent(changes: Any) -> bool:
            self.asked.append(tuple(change.key for change in changes))
            return answer

        request = DeployRequest(overrides or Overrides(), consent=consent, **options)
        return deploy(request, self.selected, self.heard)

    def plan(self, **overrides: Any) -> PlanResult:
        return plan(Overrides(**overrides), self.selected, self.heard)

    def status(self) -> StatusResult:
        return status(self.selected, self.heard)

    def destroy(self, **options: Any) -> DestroyResult:
        return destroy(DestroyRequest(lambda changes: True, **options), self.selected, self.heard)

    @property
    def command(self) -> SameProcess:
        return SameProcess(self.root, self.cloud.environment)
