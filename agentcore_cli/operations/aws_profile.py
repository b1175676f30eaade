"""What the AWS files and variables of this machine say, read without an SDK and without a call to AWS."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.errors import InputError

# What a profile of the config file may hold that leads to credentials, and how to call it.
_SOURCES: Final = {
    "sso_session": "single sign-on",
    "sso_start_url": "single sign-on",
    "login_session": "aws login",
    "credential_process": "a credential process",
    "role_arn": "an assumed role",
    "aws_access_key_id": "access keys",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile that counts for a command: its name and what both AWS files say about it.

    `is_there`: one of the files has it.
    """

    name: str
    is_there: bool
    settings: Mapping[str, str]


def read_profile(name: str | None, environ: Mapping[str, str]) -> Profile:
    """The profile `name`, else AWS_PROFILE, else `default`. Raises InputError for a file that can't be read."""
    chosen = name or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    home = Path(environ.get("HOME") or Path.home())
    credentials = _sections(Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"))
    config = _sections(Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"))
    found = [credentials.get(chosen), config.get(chosen if chosen == "default" else f"profile {chosen}")]
    settings = {key: value for section in found if section for key, value in section.items()}
    return Profile(chosen, any(section is not None for section in found), settings)


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


def _sections(path: Path) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{path}: can't be read: {str(error).splitlines()[0]}", hint="mend or move the file"
        ) from error
    return {name: dict(parser[name]) for name in parser.sections()}
