"""What moto's AgentCore control plane (5.2) leaves out, added on the way: a handler for the proxy.

moto lets an update be UPDATING for ever, makes no DEFAULT endpoint, gives ids and ARNs of other shapes and a new ARN to
every version, shows the newest version whatever is asked for, knows no metadataConfiguration, keeps what a full PUT
leaves out, and takes a name twice. Everything else that is seen through here is moto's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.fakes.aws_answers import Answer, refusal
from tests.fakes.aws_calls import ACCOUNT, Call, Request
from tests.fakes.aws_proxy import Forward

_LIFECYCLE = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
_PUT = ("environmentVariables", "description", "authorizerConfiguration", "requestHeaderConfiguration")
_SETTINGS = ("agentRuntimeArtifact", "roleArn", "networkConfiguration", "protocolConfiguration", *_PUT)
Json = dict[str, Any]


@dataclass
class _Runtime:
    """A runtime by moto's id and first ARN, which its tags hang on; `versions` are the bodies that made them."""

    name: str
    moto_id: str
    moto_arn: str
    versions: list[Json] = field(default_factory=list)

    @property
    def id(self) -> str:
        """In the service's shape: the name and ten characters."""
        return f"{self.name}-{self.moto_id[-10:]}"

    @property
    def arn(self) -> str:
        return f"arn:aws:bedrock-agentcore:us-west-2:{ACCOUNT}:runtime/{self.id}"


class MotoRuntimes:
    def __init__(self) -> None:
        self._runtimes: dict[str, _Runtime] = {}  # by the id that callers know

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        special: Callable[..., Answer] = getattr(self, f"_{call.operation}", self._plain)
        return special(call, self._as_moto_has_it(request), forward)

    def _plain(self, call: Call, request: Request, forward: Forward) -> Answer:
        return self._edited(forward(request), self._settle)

    def _CreateAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        body = json.loads(request.body)
        name = body["agentRuntimeName"]
        if any(runtime.name == name for runtime in self._runtimes.values()):
            return refusal(call, 409, "Conflict", f"An agent with the specified name already exists: {name}")

        def remember(made: Json) -> None:
            runtime = _Runtime(name, made["agentRuntimeId"], made["agentRuntimeArn"], [body])
            self._runtimes[runtime.id] = runtime
            self._settle(made)

        return self._edited(forward(request), remember)

    def _UpdateAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        versions = self._runtimes[_id_of(call)].versions
        versions.append(versions[0] | dict.fromkeys(_PUT) | json.loads(request.body))
        return self._plain(call, request, forward)

    def _GetAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        asked = parse_qs(urlsplit(request.path).query).get("version", [None])[0]

        def complete(shown: Json) -> None:
            version = asked or shown["agentRuntimeVersion"]
            body = self._runtimes[_id_of(call)].versions[int(version) - 1]
            for setting in _SETTINGS:
                shown.pop(setting, None)
            shown.update({key: body[key] for key in _SETTINGS if body.get(key)}, agentRuntimeVersion=version)
            shown["lifecycleConfiguration"] = _LIFECYCLE | body.get("lifecycleConfiguration", {})
            shown["metadataConfiguration"] = body.get("metadataConfiguration", {"requireMMDSV2": True})
            self._settle(shown)

        return self._edited(forward(request), complete)

    def _DeleteAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        answer = self._plain(call, request, forward)
        self._runtimes.pop(_id_of(call), None)
        return answer

    def _GetAgentRuntimeEndpoint(self, call: Call, request: Request, forward: Forward) -> Answer:
        runtime = self._runtimes.get(_id_of(call))
        if runtime is None or not call.resource.endswith("/runtime-endpoint/DEFAULT"):
            return self._plain(call, request, forward)
        return Answer(200, json.dumps(_default(runtime)).encode(), {"Content-Type": "application/json"})

    def _ListAgentRuntimeEndpoints(self, call: Call, request: Request, forward: Forward) -> Answer:
        def add(shown: Json) -> None:
            shown["runtimeEndpoints"].append(_default(self._runtimes[_id_of(call)]))
            self._settle(shown)

        return self._edited(forward(request), add)

    def _as_moto_has_it(self, request: Request) -> Request:
        """The request with moto's id, or in one about tags with the ARN that moto gave first."""
        path = request.path
        arn = unquote(urlsplit(path).path.removeprefix("/tags/").rstrip("/"))
        for runtime in self._runtimes.values():
            if runtime.arn == arn:
                path = path.replace(quote(arn, safe=""), quote(runtime.moto_arn, safe=""))
            path = path.replace(f"/{runtime.id}/", f"/{runtime.moto_id}/")
        return Request(request.method, path, request.headers, request.body)

    def _edited(self, answer: Answer, edit: Callable[[Json], None]) -> Answer:
        if answer.status >= 300 or not answer.body:
            return answer
        shown = json.loads(answer.body)
        edit(shown)
        return Answer(answer.status, json.dumps(shown).encode(), answer.headers)

    def _settle(self, shown: Json) -> None:
        """The service's ids and ARNs, one ARN for all versions, and no status for ever."""
        for item in (shown, *shown.get("agentRuntimes", ()), *shown.get("runtimeEndpoints", ())):
            if item.get("status") == "UPDATING":
                item["status"] = "READY"
            for runtime in self._runtimes.values():
                if item.get("agentRuntimeId") == runtime.moto_id:
                    item.update(agentRuntimeId=runtime.id, agentRuntimeArn=runtime.arn)


def _default(runtime: _Runtime) -> Json:
    moment = "2026-01-01T00:00:00Z"
    return {
        "name": "DEFAULT",
        "id": "DEFAULT",
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeEndpointArn": f"{runtime.arn}/runtime-endpoint/DEFAULT",
        "status": "READY",
        "liveVersion": str(len(runtime.versions)),
        "createdAt": moment,
        "lastUpdatedAt": moment,
    }


def _id_of(call: Call) -> str:
    return call.resource.rpartition(":runtime/")[2].partition("/")[0]
