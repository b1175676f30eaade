"""Patterns that several parts of the config share, each with its rule in words."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta


def pattern(regex: str, rule: str) -> Meta:
    """A pattern for the whole of a string, and the rule in words."""
    return Meta(pattern=rf"\A(?:{regex})\Z", extra={"rule": rule})


RoleArn = Annotated[
    str, pattern(r"arn:aws(-[^:]+)?:iam::\d{12}:role/.+", "a role's ARN, arn:aws:iam::123456789012:role/NAME")
]
KeyArn = Annotated[
    str,
    pattern(
        r"arn:aws(-[^:]+)?:kms:[a-z0-9-]+:\d{12}:key/.+", "a KMS key's ARN, arn:aws:kms:REGION:123456789012:key/ID"
    ),
]
