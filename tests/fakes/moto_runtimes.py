"""What moto's AgentCore control plane (5.2) leaves out, added on the way: a handler for the proxy.

moto lets an update be UPDATING for ever, makes no DEFAULT endpoint, gives every version an ARN of its own (of another
shape), shows the newest version whatever is asked for, knows no metadataConfiguration, keeps what a full PUT leaves
out, and takes a name twice. Everything else that is seen through here is moto's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.fakes.aws_answers import Answer, refusal
from tests.fakes.aws_calls import ACCOUNT, Call, Request
from tests.fakes.aws_proxy import Forward

_LIFECYCLE = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
_PUT = ("environmentVariables", "description", "authorizerConfiguration", "requestHeaderConfiguration")
_SETTINGS = ("agentRuntimeArtifact", "roleArn", "networkConfiguration", "protocolConfiguration", *_PUT)
Json = dict[str, Any]


class MotoRuntimes:
    def __init__(self) -> None:
        self._arns: dict[str, str] = {}  # ours -> moto's first, which its tags hang on
        self._versions: dict[str, list[Json]] = {}  # the bodies that made them, by runtime

    def __call__(self, call: Call, request: Request, forward: Forward) -> Answer | None:
        if call.operation.endswith(("TagResource", "UntagResource", "ListTagsForResource")):
            return forward(self._as_moto_has_it(request))
        special: Callable[..., Answer] | None = getattr(self, f"_{call.operation}", None)
        if special:
            return special(call, request, forward)
        return self._edited(forward(request), self._settle)

    def _as_moto_has_it(self, request: Request) -> Request:
        """A request about tags: in moto they hang on the ARN that it gave first."""
        arn = unquote(urlsplit(request.path).path.removeprefix("/tags/").rstrip("/"))
        path = request.path.replace(quote(arn, safe=""), quote(self._arns.get(arn, arn), safe=""))
        return Request(request.method, path, request.headers, request.body)

    def _CreateAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        body = json.loads(request.body)
        if any(versions[0]["agentRuntimeName"] == body["agentRuntimeName"] for versions in self._versions.values()):
            return refusal(call, 409, "Conflict", f"An agent with the specified name {body['agentRuntimeName']} exists")

        def remember(made: Json) -> None:
            self._arns[_arn(made["agentRuntimeId"])] = made["agentRuntimeArn"]
            self._versions[made["agentRuntimeId"]] = [body]
            self._settle(made)

        return self._edited(forward(request), remember)

    def _UpdateAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        def remember(made: Json) -> None:
            versions = self._versions[made["agentRuntimeId"]]
            versions.append(versions[0] | dict.fromkeys(_PUT) | json.loads(request.body))
            self._settle(made)

        return self._edited(forward(request), remember)

    def _GetAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        asked = parse_qs(urlsplit(request.path).query).get("version", [None])[0]

        def complete(shown: Json) -> None:
            version = asked or shown["agentRuntimeVersion"]
            body = self._versions[shown["agentRuntimeId"]][int(version) - 1]
            for setting in _SETTINGS:
                shown.pop(setting, None)
            shown.update({key: body[key] for key in _SETTINGS if body.get(key)}, agentRuntimeVersion=version)
            shown["lifecycleConfiguration"] = _LIFECYCLE | body.get("lifecycleConfiguration", {})
            shown["metadataConfiguration"] = body.get("metadataConfiguration", {"requireMMDSV2": True})
            self._settle(shown)

        return self._edited(forward(request), complete)

    def _DeleteAgentRuntime(self, call: Call, request: Request, forward: Forward) -> Answer:
        self._versions.pop(call.resource.rpartition("/")[2], None)
        return forward(request)

    def _GetAgentRuntimeEndpoint(self, call: Call, request: Request, forward: Forward) -> Answer:
        runtime_id, _, endpoint = call.resource.rpartition("runtime/")[2].partition("/runtime-endpoint/")
        if endpoint != "DEFAULT" or runtime_id not in self._versions:
            return self._edited(forward(request), self._settle)
        return Answer(200, json.dumps(self._default(runtime_id)).encode(), {"Content-Type": "application/json"})

    def _ListAgentRuntimeEndpoints(self, call: Call, request: Request, forward: Forward) -> Answer:
        def add(shown: Json) -> None:
            shown["runtimeEndpoints"].append(self._default(call.resource.rpartition("/")[2]))
            self._settle(shown)

        return self._edited(forward(request), add)

    def _default(self, runtime_id: str) -> Json:
        arn, version = _arn(runtime_id), str(len(self._versions[runtime_id]))
        moment = "2026-01-01T00:00:00Z"
        return {
            "name": "DEFAULT",
            "id": "DEFAULT",
            "agentRuntimeArn": arn,
            "agentRuntimeEndpointArn": f"{arn}/runtime-endpoint/DEFAULT",
            "status": "READY",
            "liveVersion": version,
            "createdAt": moment,
            "lastUpdatedAt": moment,
        }

    def _edited(self, answer: Answer, edit: Callable[[Json], None]) -> Answer:
        if answer.status >= 300 or not answer.body:
            return answer
        shown = json.loads(answer.body)
        edit(shown)
        return Answer(answer.status, json.dumps(shown).encode(), answer.headers)

    def _settle(self, shown: Json) -> None:
        """One ARN for all versions, in the service's shape, and no status for ever."""
        for item in (shown, *shown.get("agentRuntimes", ()), *shown.get("runtimeEndpoints", ())):
            if item.get("status") == "UPDATING":
                item["status"] = "READY"
            if "agentRuntimeId" in item:
                item["agentRuntimeArn"] = _arn(item["agentRuntimeId"])


def _arn(runtime_id: str) -> str:
    return f"arn:aws:bedrock-agentcore:us-west-2:{ACCOUNT}:runtime/{runtime_id}"
