"""The profiles in AWS's two files, read without an SDK: to import one takes longer than a whole command may."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from agentcore_cli.errors import InputError
from agentcore_cli.user_folder import home_of


class Profile(Struct, frozen=True):
    """The profile that counts for a command: its name and what both AWS files say about it.

    `is_there`: one of the files has it. What both say counts as ~/.aws/credentials has it.
    """

    name: str
    is_there: bool
    settings: Mapping[str, str]


def read_profile(name: str | None, environ: Mapping[str, str]) -> Profile:
    """The profile `name`, else AWS_PROFILE, else `default`. Raises InputError for a file that can't be read."""
    chosen = name or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    home = home_of(environ)
    credentials = _sections(Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials"))
    config = _sections(Path(environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config"))
    found = [config.get(chosen if chosen == "default" else f"profile {chosen}"), credentials.get(chosen)]
    settings = {key: value for section in found if section for key, value in section.items()}
    return Profile(chosen, any(section is not None for section in found), settings)


def _sections(path: Path) -> Mapping[str, Mapping[str, str]]:
    if not os.path.exists(path):  # nor where nobody may look: the HOME of another user, after `su`
        return {}
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        raise InputError(
            f"{path}: can't be read: {str(error).splitlines()[0]}", hint="mend or move the file"
        ) from error
    return {name: dict(parser[name]) for name in parser.sections()}
