"""GetSecretValue and GetParameter on the wire (their API references; AWS JSON 1.1), signed."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from typing import NamedTuple

from agentcore_cli.launcher.credentials import RoleCredentials
from agentcore_cli.launcher.http import HttpAnswer, Unreachable, send, trusted
from agentcore_cli.launcher.references import PARAMETER_STORE, SecretError, SecretReference
from agentcore_cli.signature import proof

_TARGETS = {"secretsmanager": "secretsmanager.GetSecretValue", "ssm": "AmazonSSM.GetParameter"}
_ENDPOINTS = {"secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER", "ssm": "AWS_ENDPOINT_URL_SSM"}
_WHAT = {"secretsmanager": "secret", "ssm": "parameter"}
_ABSENT = ("ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound")
_BUSY = ("ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded")
_DENIED = ("AccessDeniedException", "AccessDenied")
_TIMEOUT = 5.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class RetryLimits(NamedTuple):
    """How long it is tried again, in seconds, where the service is busy or out of reach, and where it denies.

    IAM's readers lag some seconds behind its writers, and a deploy starts a session right after it has let the role in.
    """

    busy: float = 20.0
    denied: float = 8.0


class SecretReader(NamedTuple):
    """Reads for one caller. `region` is where names are looked for, `tls` what is trusted."""

    credentials: RoleCredentials
    region: str
    environ: Mapping[str, str]
    tls: ssl.SSLContext
    patience: RetryLimits = RetryLimits()

    @classmethod
    def of(cls, credentials: RoleCredentials, region: str, environ: Mapping[str, str]) -> SecretReader:
        return cls(credentials, region, environ, trusted(environ))

    def read(self, reference: SecretReference) -> str:
        """The whole text of a secret or parameter, whatever its key. Raises SecretError."""
        began, pause = time.monotonic(), _FIRST_PAUSE
        while True:
            try:
                return self._attempt(reference)
            except _Passing as error:
                if time.monotonic() - began + pause > error.patience:
                    raise error.reason from None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _attempt(self, reference: SecretReference) -> str:
        try:
            answer = self._send(reference)
        except Unreachable as error:
            raise _Passing(SecretError(f"out of reach: {error}"), self.patience.busy) from None
        if answer.status == 200:
            return _text(reference, answer.body)
        kind, message = _told(answer)
        reason = SecretError(self._why(reference, kind, message), denied=kind in _DENIED)
        if kind in _DENIED:
            raise _Passing(reason, self.patience.denied)
        if answer.status >= 500 or kind in _BUSY:
            raise _Passing(reason, self.patience.busy)
        raise reason

    def _send(self, reference: SecretReference) -> HttpAnswer:
        region = reference.region or self.region
        url = self._endpoint(reference.service, region)
        is_parameter = reference.service == PARAMETER_STORE
        asked = {"Name": reference.name, "WithDecryption": True} if is_parameter else {"SecretId": reference.name}
        body = json.dumps(asked).encode()
        headers = {
            "Host": url.split("/")[2],
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": _TARGETS[reference.service],
        }
        key, token = self.credentials
        if token:
            headers["X-Amz-Security-Token"] = token
        headers |= proof(key, region, reference.service, time.time(), ("POST", "/", ""), headers, body)
        return send("POST", f"{url}/", headers, body, timeout=_TIMEOUT, tls=self.tls)

    def _endpoint(self, service: str, region: str) -> str:
        said = self.environ.get(_ENDPOINTS[service]) or self.environ.get("AWS_ENDPOINT_URL")
        if said and self.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
            return said.rstrip("/")
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://{service}.{region}.{suffix}"

    def _why(self, reference: SecretReference, kind: str, message: str) -> str:
        if kind in _ABSENT:
            return f"there is no such {_WHAT[reference.service]} in {reference.region or self.region}"
        return f"{kind}: {message}" if message else kind


class _Passing(Exception):
    """A failure that may be over in a moment; `patience` is how long that is hoped for, in seconds."""

    def __init__(self, reason: SecretError, patience: float) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.patience = patience


def _text(reference: SecretReference, body: bytes) -> str:
    try:
        told = json.loads(body)
        if reference.service == PARAMETER_STORE:
            return str(told["Parameter"]["Value"])
        if "SecretString" not in told:
            raise SecretError("is binary, and a variable is text")
        return str(told["SecretString"])
    except (ValueError, KeyError, TypeError):
        raise SecretError("the answer is not one of AWS's") from None


def _told(answer: HttpAnswer) -> tuple[str, str]:
    """The error's name, without its namespace, and its message."""
    try:
        told = json.loads(answer.body)
        return str(told["__type"]).rpartition("#")[2], str(told.get("message") or told.get("Message") or "")
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status}", ""
