"""What the AWS files and variables of this machine say, read without an SDK and without a call to AWS."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from agentcore_cli.aws.profiles import read_profile
from agentcore_cli.user_folder import home_of

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


def lapsed_login(profile: str | None, environ: Mapping[str, str]) -> str | None:
    """The profile whose single sign-on has ended or not begun, if credentials would come by one; None: all is well.

    It is this profile, or the one that its role is assumed from. Read from the file that `aws sso login` writes.
    """
    if not profile and (environ.get("AWS_ACCESS_KEY_ID") or environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")):
        return None
    seen: set[str] = set()
    chosen = read_profile(profile, environ)
    while not (started := chosen.settings.get("sso_session") or chosen.settings.get("sso_start_url")):
        seen.add(chosen.name)
        source = chosen.settings.get("source_profile")
        if source is None or source in seen:
            return None
        chosen = read_profile(source, environ)
    name = hashlib.sha1(started.encode(), usedforsecurity=False).hexdigest()
    home = home_of(environ)
    return None if _is_logged_in(home / ".aws" / "sso" / "cache" / f"{name}.json") else chosen.name


def _is_logged_in(cached: Path) -> bool:
    """Whether the token is good, or can be renewed without anybody."""
    try:
        token: dict[str, Any] = json.loads(cached.read_bytes())
        until = _seconds(token["expiresAt"])
        if until <= time.time() and token.get("refreshToken"):
            until = _seconds(token["registrationExpiresAt"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return until > time.time()


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("UTC", "Z")).timestamp()
