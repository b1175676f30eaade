"""The signer of requests to AWS: with the caller's own credentials, found when they are needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agentcore_cli.aws.credentials import Credentials
from agentcore_cli.aws.signing import SignedRequest, sign_with_key, wants_a_token
from agentcore_cli.signature import SigningKey


@dataclass(frozen=True, slots=True)
class SigV4:
    """`find` looks credentials up when they are needed; `now` is the time in seconds since the epoch."""

    find: Callable[[], Credentials] = field(repr=False)
    region: str
    now: Callable[[], float] = time.time

    def sign(self, request: SignedRequest) -> None:
        """Raises CredentialsError when there are none."""
        credentials = self.find()
        if credentials.token:
            request.headers["X-Amz-Security-Token"] = credentials.token
        sign_with_key(request, SigningKey(credentials.access_key, credentials.secret_key), self.region, self.now())

    def advice(self, kind: str, message: str) -> str | None:
        if advice := wants_a_token(message):
            return advice
        if kind == "AccessDeniedException":
            return "allow bedrock-agentcore:InvokeAgentRuntime, with --user-id also …InvokeAgentRuntimeForUser"
        return "renew the AWS credentials; or --local, which needs none"
