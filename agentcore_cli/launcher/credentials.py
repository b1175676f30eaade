"""The credentials of the agent's role, where AWS's SDKs look for them inside a runtime.

AgentCore serves them at its metadata service, in the second version of EC2's protocol (developer guide,
security-credentials-management; EC2 user guide, "instance metadata"). Variables and a container's endpoint go before,
in the order of botocore's chain.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from agentcore_cli.launcher.http import HttpAnswer, Unreachable, send
from agentcore_cli.launcher.references import SecretError
from agentcore_cli.signature import SigningKey

_METADATA = "http://169.254.169.254"
_CONTAINER = "http://169.254.170.2"
_ROLES = "latest/meta-data/iam/security-credentials/"
_TIMEOUT = 2.0
_PATIENCE = 10.0  # seconds: the service may come up after the agent's first process
_PAUSE = 0.2


class RoleCredentials(NamedTuple):
    key: SigningKey
    token: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.key!r}, ...)"


def find(environ: Mapping[str, str], patience: float = _PATIENCE) -> RoleCredentials:
    """Raises SecretError when there are none after `patience` seconds."""
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        key = SigningKey(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
        return RoleCredentials(key, environ.get("AWS_SESSION_TOKEN") or None)
    deadline = time.monotonic() + patience
    while True:
        try:
            return _of_container(environ) or _of_metadata(environ)
        except (Unreachable, ValueError, KeyError) as error:
            if time.monotonic() + _PAUSE > deadline:
                raise SecretError(f"the role's credentials can't be had: {error}") from error
        time.sleep(_PAUSE)


def _of_container(environ: Mapping[str, str]) -> RoleCredentials | None:
    url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if path := environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        url = f"{_CONTAINER}{path}"
    if not url:
        return None
    token = environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    if file := environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        token = Path(file).read_text().strip()
    return _read(_asked("GET", url, {"Authorization": token} if token else {}))


def _of_metadata(environ: Mapping[str, str]) -> RoleCredentials:
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise SecretError("the role's credentials can't be had: AWS_EC2_METADATA_DISABLED is set")
    at = (environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _METADATA).rstrip("/")
    token = _asked("PUT", f"{at}/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}).body.decode()
    proof = {"x-aws-ec2-metadata-token": token}
    roles = _asked("GET", f"{at}/{_ROLES}", proof).body.decode().split()
    if not roles:
        raise ValueError(f"{at} has no role")
    return _read(_asked("GET", f"{at}/{_ROLES}{roles[0]}", proof))


def _asked(method: str, url: str, headers: Mapping[str, str]) -> HttpAnswer:
    answer = send(method, url, headers, timeout=_TIMEOUT)
    if answer.status != 200:
        raise ValueError(f"{url} answers {answer.status}")
    return answer


def _read(answer: HttpAnswer) -> RoleCredentials:
    try:
        told = json.loads(answer.body)
        return RoleCredentials(SigningKey(told["AccessKeyId"], told["SecretAccessKey"]), told.get("Token"))
    except (ValueError, KeyError, TypeError):
        raise ValueError("what is served for them has no keys") from None
