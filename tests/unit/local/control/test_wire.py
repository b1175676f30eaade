"""Paths and refusals on the wire."""

from __future__ import annotations

import json

import pytest

from agentcore_cli.local.http.wire import FieldFault, ServiceFault, fault_response, split_path


@pytest.mark.parametrize(
    ("raw", "segments"),
    [
        (b"/runtimes/", ["runtimes"]),
        (b"/runtimes", ["runtimes"]),
        (b"/runtimes//", ["runtimes", ""]),
        (b"/", [""]),
        (b"/tags/arn%3Aaws%3Ax%2Fy", ["tags", "arn:aws:x/y"]),
        (b"/tags/a%252Fb?tagKeys=c%2Fd", ["tags", "a%2Fb"]),
        (b"/tags/a+b", ["tags", "a+b"]),
        (b"/tags/%ff", ["tags", "\ufffd"]),
    ],
)
def test_a_path_is_split_before_it_is_decoded(raw: bytes, segments: list[str]) -> None:
    assert split_path(raw) == segments


def test_a_refusal_has_the_services_shape() -> None:
    fault = ServiceFault.constraints([FieldFault("a", "A is bad"), FieldFault("b", "B is bad")])
    status, headers, body = fault_response(fault, "request-1")
    assert status == 400
    assert headers == [
        ("content-type", "application/json"),
        ("x-amzn-ErrorType", "ValidationException"),
        ("x-amzn-RequestId", "request-1"),
    ]
    assert json.loads(body) == {
        "message": "2 validation errors detected: A is bad; B is bad",
        "reason": "FieldValidationFailed",
        "fieldList": [{"name": "a", "message": "A is bad"}, {"name": "b", "message": "B is bad"}],
    }


@pytest.mark.parametrize(
    ("fault", "status", "type"),
    [
        (ServiceFault.validation("x"), 400, "ValidationException"),
        (ServiceFault.unauthorized("x"), 401, "UnauthorizedException"),
        (ServiceFault.quota("x"), 402, "ServiceQuotaExceededException"),
        (ServiceFault.access_denied("x"), 403, "AccessDeniedException"),
        (ServiceFault.not_found("x"), 404, "ResourceNotFoundException"),
        (ServiceFault.unknown_operation(), 404, "UnknownOperationException"),
        (ServiceFault.conflict("x"), 409, "ConflictException"),
        (ServiceFault.retryable_conflict(), 409, "RetryableConflictException"),
        (ServiceFault.runtime_client_error("x"), 424, "RuntimeClientError"),
        (ServiceFault.throttling(), 429, "ThrottlingException"),
        (ServiceFault.internal("x"), 500, "InternalServerException"),
    ],
    ids=lambda value: value.type if isinstance(value, ServiceFault) else None,
)
def test_each_fault_has_its_status_and_name(fault: ServiceFault, status: int, type: str) -> None:
    answered, headers, body = fault_response(fault, "request-1")
    assert answered == status
    assert ("x-amzn-ErrorType", type) in headers
    assert json.loads(body)["message"] == str(fault)
