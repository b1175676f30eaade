"""What local sessions are given of the deployer's AWS credentials: variables, or where to look for them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from agentcore_cli.aws.profiles import read_profile
from agentcore_cli.contract import LOCAL_KEY_PREFIX
from agentcore_cli.local.protocol import CredentialSource
from agentcore_cli.operations.aws_profile import find_credentials

_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
# What leads to credentials by files and addresses of the deployer, which a session doesn't have.
_LEADING: Final = frozenset(
    {
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_DEFAULT_PROFILE",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)
_NAMED: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_INSTANCE_SERVICE: Final = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_VENDOR: Final = Path("/sys/class/dmi/id/sys_vendor")


class HandedOver(NamedTuple):
    """`environment` are AWS_* variables; `source` is where others are found, or None."""

    environment: dict[str, str]
    source: CredentialSource | None


def hand_over(caller: Mapping[str, str], profile: str | None, usual: str | None = None) -> HandedOver:
    """What the caller's environment, and the profile that was asked for, give to sessions.

    Keys that stand in variables go on as variables, unless a profile was asked for. For everything else of AWS's chain,
    in which the `usual` profile is the default, a source is named, which is looked at when a session asks: nothing is
    called here. Raises InputError for AWS files that can't be read.
    """
    environ = dict(caller)
    if environ.get("AWS_ACCESS_KEY_ID", "").startswith(LOCAL_KEY_PREFIX):  # `agentcore local env` was evaluated here
        environ = {name: value for name, value in environ.items() if name not in _KEYS}
    variables = {name: value for name, value in environ.items() if name.startswith("AWS_") and name not in _LEADING}
    if not profile and environ.get("AWS_ACCESS_KEY_ID"):
        return HandedOver(variables, None)
    profile = profile or usual
    variables = {name: value for name, value in variables.items() if name not in _KEYS}
    if not _leads_somewhere(profile, environ):
        return HandedOver(variables, None)
    return HandedOver(variables, CredentialSource(environ, os.getcwd(), profile))


def _leads_somewhere(profile: str | None, environ: Mapping[str, str]) -> bool:
    """Whether AWS's chain is worth asking: a profile that isn't there is, too, for then there is a fault to tell."""
    if profile or any(environ.get(name) for name in _NAMED) or find_credentials(profile, environ):
        return True
    return _on_instance(environ)


def _on_instance(environ: Mapping[str, str]) -> bool:
    """Whether this machine may have a role of its own, told without a call."""
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return False
    if environ.get(_INSTANCE_SERVICE) or read_profile(None, environ).settings.get("ec2_metadata_service_endpoint"):
        return True
    try:
        return "Amazon EC2" in _VENDOR.read_text()
    except OSError:
        return False
