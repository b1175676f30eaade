"""What the AWS files and variables of this machine say, read without an SDK and without a call to AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentcore_cli.aws.profiles import read_profile

# What a profile of the config file may hold that leads to credentials, and how to call it.
_SOURCES: Final = {
    "sso_session": "single sign-on",
    "sso_start_url": "single sign-on",
    "login_session": "aws login",
    "credential_process": "a credential process",
    "role_arn": "an assumed role",
    "aws_access_key_id": "access keys",
}


def find_region(profile: str | None, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The region that AWS's own tools would use, and where it is from; None where nothing says one."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if value := environ.get(variable):
            return value, variable
    chosen = read_profile(profile, environ)
    region = chosen.settings.get("region")
    return (region, f"profile {chosen.name}") if region else None


def find_credentials(profile: str | None, environ: Mapping[str, str]) -> str | None:
    """Where credentials would come from, in words; None where there are none, an instance's own role left aside."""
    if not profile and environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return "access keys in the environment"
    if not profile and environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return "a web identity token"
    chosen = read_profile(profile, environ)
    for setting, name in _SOURCES.items():
        if setting in chosen.settings:
            return f"{name} of profile {chosen.name}"
    if environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") or environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return "the container's role"
    return None
