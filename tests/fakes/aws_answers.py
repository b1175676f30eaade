"""What AWS answers when it refuses, fails or has too much to do: in the words and the protocol of each service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.aws_calls import ACCOUNT, Call

CALLER = f"arn:aws:iam::{ACCOUNT}:user/deployer"
REQUEST_ID = "0a1b2c3d-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def access_denied(call: Call) -> Answer:
    if call.service == "s3":  # which does not say what is missing
        return refusal(call, 403, "AccessDenied", "Access Denied")
    message = (
        f"User: {CALLER} is not authorized to perform: {call.name} on resource: {call.resource} "
        f"because no identity-based policy allows the {call.name} action"
    )
    return refusal(call, 403 if call.is_query or call.is_rest else 400, "AccessDenied", message)


def expired_token(call: Call) -> Answer:
    status = 403 if call.is_query or call.is_rest else 400
    return refusal(call, status, "ExpiredToken", "The security token included in the request is expired")


def throttled(call: Call) -> Answer:
    status, code = (429, "Throttling") if call.is_rest else (400, "Throttling")
    return refusal(call, status, code, "Rate exceeded")


def still_attached(call: Call) -> Answer:
    """What IAM says of a role whose policies it has not yet seen to be gone."""
    return refusal(call, 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")


def failed(call: Call) -> Answer:
    """The service's own error, a 500."""
    code = "ServiceFailure" if call.is_query else "InternalServer" if call.is_rest else "Server"
    return refusal(call, 500, code, "An internal error occurred, please try again")


def bad_gateway(call: Call) -> Answer:
    """What a load balancer says when nobody behind it answers: no AWS error at all."""
    return Answer(503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", {"Content-Type": "text/html"})


def refusal(call: Call, status: int, code: str, message: str) -> Answer:
    """`code` without the suffix `Exception`, which the JSON services add and the XML services don't."""
    if call.service == "s3":
        error = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
        return Answer(status, error.encode(), {"Content-Type": "application/xml", "x-amz-request-id": REQUEST_ID})
    if call.is_query:
        return Answer(status, _xml(code, message), {"Content-Type": "text/xml", "x-amzn-RequestId": REQUEST_ID})
    named = f"{code}Exception"
    headers = {"x-amzn-RequestId": REQUEST_ID}
    if call.is_rest:
        headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": named}
        return Answer(status, json.dumps({"message": message}).encode(), headers)
    headers |= {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(status, json.dumps({"__type": named, "message": message}).encode(), headers)


def _xml(code: str, message: str) -> bytes:
    kind = "Receiver" if code == "ServiceFailure" else "Sender"
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>".encode()
