"""A signed HTTP request to AWS, read back: which operation of which service it is, and about what."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session

ACCOUNT: Final = "123456789012"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_BEARER_SCOPE = re.compile(r"arn%3Aaws[a-z-]*%3A(?P<service>bedrock-agentcore)%3A(?P<region>[a-z0-9-]+)%3A")
_REST_MODELS: Final = {
    "bedrock-agentcore": ("bedrock-agentcore-control", "bedrock-agentcore"),
    "s3": ("s3",),
    "xray": ("xray",),
}  # by the name they sign with


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is raw, with its query; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """The `number`-th call of a record, the `occurrence`-th of its name; both count from 1.

    `resource` is the ARN that IAM would judge the call by, `*` where there is none.
    """

    service: str
    operation: str
    resource: str
    number: int = 0
    occurrence: int = 0

    @property
    def name(self) -> str:
        """As IAM names the action: `iam:CreateRole`."""
        return f"{self.service}:{self.operation}"

    @property
    def is_rest(self) -> bool:
        return self.service in _REST_MODELS

    @property
    def is_query(self) -> bool:
        """Whether the service speaks XML, as IAM and STS do."""
        return self.service in ("iam", "sts")


def read_call(request: Request) -> Call:
    """What the request asks for. Raises ValueError for one that is not signed by SigV4, or of an unknown operation.

    Only AgentCore takes bearer tokens; the region is then that of the runtime's ARN in the path.
    """
    authorization = request.headers.get("authorization", "")
    scope = _SCOPE.search(authorization) or (authorization.startswith("Bearer ") and _BEARER_SCOPE.search(request.path))
    if not scope:
        raise ValueError(f"{request.method} {request.path}: not signed")
    service, region = scope["service"], scope["region"]
    operation, parameters = _operation(service, request)
    return Call(service, operation, _resource(service, region, operation, parameters))


def _operation(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2], json.loads(request.body or b"{}")
    if service not in _REST_MODELS:
        form = parse_qs(request.body.decode())
        return form["Action"][0], {key: values[0] for key, values in form.items()}
    parts = urlsplit(request.path)
    path = parts.path.rstrip("/")
    said = {word.lower() for word in parse_qs(parts.query, keep_blank_values=True)} | request.headers.keys()
    for method, pattern, operation, wanted in _rest_operations(service):
        if method == request.method and wanted <= said and (found := pattern.fullmatch(path)):
            return operation, {key: unquote(value) for key, value in found.groupdict().items()}
    raise ValueError(f"{service}: {request.method} {request.path}: no such operation")


@cache
def _rest_operations(service: str) -> list[tuple[str, re.Pattern[str], str, frozenset[str]]]:
    """Method, pattern of the path, name, and what the query and the headers must have, of every operation.

    Those with the fewest variables come first, and of these the ones that must have most.
    """
    session = botocore.session.Session()
    found = []
    for model in (session.get_service_model(name) for name in _REST_MODELS[service]):
        for name in model.operation_names:
            operation = model.operation_model(name)
            if operation.deprecated:  # S3 has a newer one at the same address
                continue
            uri = operation.http["requestUri"]
            found.append((operation.http["method"], _pattern(uri), name, _query(operation, uri)))
    return sorted(found, key=lambda item: (item[1].groups, -len(item[3])))


def _query(operation: Any, uri: str) -> frozenset[str]:
    """S3's operations differ in the query, by a word in their URI or by what they require there, or in a header."""
    words = {word.lower() for word in parse_qs(uri.partition("?")[2], keep_blank_values=True)}
    shape = operation.input_shape
    required = [shape.members[name].serialization for name in shape.required_members] if shape else []
    places = ("querystring", "header") if operation.service_model.service_name == "s3" else ("querystring",)
    return frozenset(words) | {where["name"].lower() for where in required if where.get("location") in places}


def _pattern(uri: str) -> re.Pattern[str]:
    path = uri.partition("?")[0].rstrip("/")
    parts = re.split(r"(\{\w+\+?\})", path)
    return re.compile("".join(_variable(part) if part.startswith("{") else re.escape(part) for part in parts))


def _variable(part: str) -> str:
    name = part.strip("{}")
    return rf"(?P<{name[:-1]}>.+)" if name.endswith("+") else rf"(?P<{name}>[^/]+)"


def _resource(service: str, region: str, operation: str, parameters: Mapping[str, Any]) -> str:
    """By the service authorization reference, as far as this product's calls go."""
    if given := parameters.get("resourceArn"):
        return str(given)
    if service == "s3" and (bucket := parameters.get("Bucket")):
        return f"arn:aws:s3:::{bucket}" + (f"/{parameters['Key']}" if "Key" in parameters else "")
    if service == "iam" and (role := parameters.get("RoleName")):
        return f"arn:aws:iam::{ACCOUNT}:role{parameters.get('Path', '/')}{role}"
    if service == "ecr" and (
        name := parameters.get("repositoryName") or "".join(parameters.get("repositoryNames", []))
    ):
        return f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{name}"
    if service == "codebuild" and (project := _project(parameters)):
        return f"arn:aws:codebuild:{region}:{ACCOUNT}:project/{project}"
    if service == "logs" and (group := parameters.get("logGroupName") or parameters.get("logGroupNamePrefix")):
        return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}"
    if service == "bedrock-agentcore" and "Runtime" in operation:
        if "agentRuntimeArn" in parameters:
            return str(parameters["agentRuntimeArn"])
        endpoint = f"/runtime-endpoint/{parameters['endpointName']}" if "endpointName" in parameters else ""
        return f"arn:aws:{service}:{region}:{ACCOUNT}:runtime/{parameters.get('agentRuntimeId', '*')}{endpoint}"
    return "*"


def _project(parameters: Mapping[str, Any]) -> str:
    """The CodeBuild project that a call is about; a build's id begins with its name."""
    named = [*parameters.get("names", ()), *parameters.get("ids", ())]
    said = parameters.get("projectName") or parameters.get("name") or parameters.get("id") or "".join(named[:1])
    return str(said).partition(":")[0]
