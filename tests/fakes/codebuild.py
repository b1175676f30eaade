"""CodeBuild as far as moto (5.2) has none of it: a handler for the proxy that builds.

Projects are moto's; UpdateProject, which it lacks, is played here, and the look at the role that CreateProject takes.
A build is carried out: the object and version of its source are unpacked, and the commands of the project's buildspec
run in it, with programs called `docker` and `aws` that note what they are asked and do what they are told. What is
pushed is put into moto's ECR, what is printed into its CloudWatch Logs. A build goes on by one phase whenever somebody
looks at it.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import threading
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import yaml
from botocore.exceptions import ClientError

from tests.fakes.aws_answers import Answer, refusal
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward

_SERVICE: Final = "codebuild.amazonaws.com"
_PROGRAM: Final = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$BENCH/calls"
env > "$BENCH/environment"
case "$(basename "$0") $1 $2" in
    "docker build "*) cat "$BENCH/prints"; exit "$(cat "$BENCH/exits")" ;;
    "docker image inspect") case "$*" in *Arch*) cat "$BENCH/architecture" ;; *) cat "$BENCH/size" ;; esac ;;
    "docker push "*) echo "$2" >> "$BENCH/pushed" ;;
    "docker login "*) cat > "$BENCH/password" ;;
    "aws ecr get-login-password") echo secret-of-the-registry ;;
esac
"""
Json = dict[str, Any]


@dataclass
class Bench:
    """What a build's machine is like: what `docker build` prints and how it exits, and what it makes."""

    folder: Path
    prints: str = "Step 1/2 : FROM python\nStep 2/2 : COPY . /app/\n"
    exits: int = 0
    architecture: str = "arm64"
    size: int = 1000

    def prepare(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir(parents=True, exist_ok=True)
        for name in ("docker", "aws"):
            (programs / name).write_text(_PROGRAM)
            (programs / name).chmod(0o755)
        for name in ("prints", "exits", "architecture", "size"):
            (self.folder / name).write_text(str(getattr(self, name)))

    def calls(self, program: str) -> list[str]:
        """What it was asked, a line each."""
        path = self.folder / "calls"
        said = path.read_text().splitlines() if path.exists() else []
        return [line for line in said if line.startswith(f"{program} ")]


@dataclass
class _Build:
    id: str
    asked: Json
    project: Json
    status: str = "IN_PROGRESS"
    phases: list[Json] = field(default_factory=lambda: [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"}])

    @property
    def stream(self) -> str:
        return self.id.partition(":")[2]

    def ends(self, phase: str, status: str, *context: str) -> None:
        contexts = [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": message} for message in context if message]
        self.phases.append({"phaseType": phase, "phaseStatus": status, "contexts": contexts})
        self.phases.append({"phaseType": "COMPLETED"})
        self.status = status

    def shown(self) -> Json:
        group = self.project["logsConfig"]["cloudWatchLogs"]["groupName"]
        begun = any(phase["phaseType"] not in ("SUBMITTED", "QUEUED") for phase in self.phases)
        logs = {"groupName": group, "streamName": self.stream} if begun else {}
        return {
            "id": self.id,
            "projectName": self.project["name"],
            "buildStatus": self.status,
            "currentPhase": self.phases[-1]["phaseType"],
            "buildComplete": self.status != "IN_PROGRESS",
            "phases": self.phases,
            "logs": logs,
            "sourceVersion": self.asked["sourceVersion"],
            "environment": {"environmentVariables": self.asked.get("environmentVariablesOverride", [])},
        }


class CodeBuildStandIn:
    """`client` gives plain boto3 for moto's services. `holds`: builds stay in their BUILD until that is taken back.

    `unseen` is how often a role is refused that is there; `started` has what each StartBuild said.
    """

    def __init__(self, client: Callable[[str], Any], folder: Path) -> None:
        self._client = client
        self.bench = Bench(folder)
        self.holds = False
        self.unseen = 0
        self.started: list[Json] = []
        self._builds: dict[str, _Build] = {}
        self._by_token: dict[str, str] = {}
        self._lock = threading.RLock()

    @property
    def builds(self) -> dict[str, str]:
        """Status by id, in the order in which they were started."""
        return {build.id: build.status for build in self._builds.values()}

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        body = json.loads(request.body or b"{}")
        played = getattr(self, f"_{call.operation}", None)
        if played is None:
            return forward(request)
        with self._lock:
            answer = played(call, body)
        if answer is None:
            return forward(request)
        if isinstance(answer, Answer):
            return answer
        return Answer(200, json.dumps(answer).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    def _CreateProject(self, call: Call, body: Json) -> Answer | None:
        return self._refused_role(call, body)

    def _UpdateProject(self, call: Call, body: Json) -> Answer | Json:
        if refused := self._refused_role(call, body):
            return refused
        client = self._client("codebuild")
        if not client.batch_get_projects(names=[body["name"]])["projects"]:
            return refusal(call, 400, "ResourceNotFound", f"Project cannot be found: {body['name']}")
        client.delete_project(name=body["name"])
        client.create_project(**body)
        return {"project": {"name": body["name"]}}

    def _StartBuild(self, call: Call, body: Json) -> Answer | Json:
        found = self._client("codebuild").batch_get_projects(names=[body["projectName"]])["projects"]
        if not found:
            return refusal(call, 400, "ResourceNotFound", f"Project cannot be found: {body['projectName']}")
        known = self._by_token.get(body.get("idempotencyToken", ""))
        if known is None:
            build = _Build(f"{body['projectName']}:{uuid.uuid4()}", body, found[0])
            self._builds[build.id] = build
            known = self._by_token[body.get("idempotencyToken", build.id)] = build.id
            self.started.append(body)
        return {"build": self._builds[known].shown()}

    def _ListBuildsForProject(self, call: Call, body: Json) -> Answer | Json:
        if not self._client("codebuild").batch_get_projects(names=[body["projectName"]])["projects"]:
            return refusal(call, 400, "ResourceNotFound", f"The provided project {body['projectName']} does not exist")
        ids = [build.id for build in self._builds.values() if build.project["name"] == body["projectName"]]
        return {"ids": ids[::-1] if body.get("sortOrder") == "DESCENDING" else ids}

    def _BatchGetBuilds(self, call: Call, body: Json) -> Json:
        builds = [self._builds[id] for id in body["ids"] if id in self._builds]
        for build in builds:
            self._go_on(build)
        return {"builds": [build.shown() for build in builds]}

    def _StopBuild(self, call: Call, body: Json) -> Answer | Json:
        build = self._builds.get(body["id"])
        if build is None:
            return refusal(call, 400, "ResourceNotFound", f"Build {body['id']} does not exist")
        if build.status == "IN_PROGRESS":
            build.ends(build.phases[-1]["phaseType"], "STOPPED")
        return {"build": build.shown()}

    def _refused_role(self, call: Call, body: Json) -> Answer | None:
        """What the service says of a role that is not there, that lets it not in, or that it does not see yet."""
        role = body["serviceRole"]
        refused = refusal(
            call, 400, "InvalidInput", f"CodeBuild is not authorized to perform: sts:AssumeRole on service role {role}"
        )
        if self.unseen:
            self.unseen -= 1
            return refused
        try:
            trust = self._client("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        except ClientError:
            return refused
        return None if _SERVICE in json.dumps(trust) else refused

    def _go_on(self, build: _Build) -> None:
        if build.status != "IN_PROGRESS":
            return
        phase = build.phases[-1]["phaseType"]
        if phase == "SUBMITTED":
            build.phases.append({"phaseType": "PROVISIONING"})
        elif phase == "PROVISIONING":
            build.phases[-1]["phaseStatus"] = "SUCCEEDED"
            build.phases.append({"phaseType": "BUILD"})
            self._client("logs").create_log_stream(
                logGroupName=build.shown()["logs"]["groupName"], logStreamName=build.stream
            )
            self._log(build, "[Container] Entering phase BUILD")
        elif not self.holds:
            build.phases.pop()
            self._work(build)

    def _work(self, build: _Build) -> None:
        """Carry out the buildspec on the source."""
        bucket, _, key = build.asked["sourceLocationOverride"].partition("/")
        try:
            found = self._client("s3").get_object(Bucket=bucket, Key=key, VersionId=build.asked["sourceVersion"])
        except ClientError as error:
            build.ends("DOWNLOAD_SOURCE", "FAILED", str(error))
            return
        place = self.bench.folder / build.stream
        with zipfile.ZipFile(io.BytesIO(found["Body"].read())) as archive:
            archive.extractall(place)
        self.bench.prepare()
        for phase in ("pre_build", "build"):
            for command in yaml.safe_load(build.project["source"]["buildspec"])["phases"][phase]["commands"]:
                self._log(build, f"[Container] Running command {command}")
                if code := self._run(build, command, place):
                    self._log(build, f"[Container] Phase complete: {phase.upper()} State: FAILED")
                    what = f"Error while executing command: {command}. Reason: exit status {code}"
                    build.ends(phase.upper(), "FAILED", what)
                    return
        refused = self._push()
        if refused:
            self._log(build, refused)
        status = "FAILED" if refused else "SUCCEEDED"
        self._log(build, f"[Container] Phase complete: BUILD State: {status}")
        build.ends("BUILD", status, refused)

    def _run(self, build: _Build, command: str, place: Path) -> int:
        variables = {item["name"]: item["value"] for item in build.asked.get("environmentVariablesOverride", ())}
        path = f"{self.bench.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=place,
            env={"PATH": path, "BENCH": str(self.bench.folder), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            self._log(build, line)
        return done.returncode

    def _push(self) -> str:
        """What the registry says against it, as of a tag that can't be moved; empty when it took it."""
        refused = ""
        for name in (self.bench.folder / "pushed").read_text().split():
            repository, _, tag = name.partition("/")[2].rpartition(":")
            digest = f"sha256:{sha256(name.encode()).hexdigest()}"
            config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 10}
            manifest = {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config,
                "layers": [{"digest": digest, "size": self.bench.size}],
            }
            try:
                self._client("ecr").put_image(
                    repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag
                )
            except ClientError as error:
                refused = str(error)
        (self.bench.folder / "pushed").unlink()
        return refused

    def _log(self, build: _Build, line: str) -> None:
        self._client("logs").put_log_events(
            logGroupName=build.shown()["logs"]["groupName"],
            logStreamName=build.stream,
            logEvents=[{"timestamp": int(time.time() * 1000), "message": line or " "}],
        )
