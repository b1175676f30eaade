"""`python -m agentcore_cli.aws.broker [PROFILE]`: the credentials that AWS's own chain finds, once, as JSON on stdout.

The local runtime runs it in the environment of whoever deployed, each time that what it has is about to expire. So a
server that serves credentials holds no botocore, and a profile, single sign-on, a role to assume, a web identity, a
credential process and a machine's own role are resolved as every tool of AWS resolves them.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

import botocore.session
from botocore import exceptions
from botocore.credentials import RefreshableCredentials

_LOGIN_HAS_ENDED: Final = (
    exceptions.UnauthorizedSSOTokenError,
    exceptions.SSOTokenLoadError,
    exceptions.TokenRetrievalError,
)


def resolve(profile: str | None) -> dict[str, Any]:
    """`access_key`, `secret_key`, `token` ("" for none), `expires` (seconds since the epoch, or None for never).

    Where there are none: `fault`, and `hint`, what to do about it.
    """
    session = botocore.session.Session(profile=profile)
    try:
        if session.get_config_variable("region") is None:  # where roles are assumed; botocore knows one variable alone
            session.set_config_variable("region", os.environ.get("AWS_REGION"))
        found = session.get_credentials()
        if found is None:
            return {"fault": "no AWS credentials were found", "hint": "aws configure, or aws sso login"}
        frozen = found.get_frozen_credentials()
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        return {"fault": str(error), "hint": _hint(error, session)}
    return {
        "access_key": frozen.access_key,
        "secret_key": frozen.secret_key,
        "token": frozen.token or "",
        "expires": found._expiry_time.timestamp() if isinstance(found, RefreshableCredentials) else None,
    }


def _hint(error: exceptions.BotoCoreError | exceptions.ClientError, session: botocore.session.Session) -> str:
    chosen = session.get_config_variable("profile") or "default"
    if isinstance(error, exceptions.ProfileNotFound):
        return "aws configure list-profiles shows those that there are; then deploy again"
    if isinstance(error, _LOGIN_HAS_ENDED):
        return f"aws sso login --profile {_with_single_sign_on(chosen, session.full_config.get('profiles', {}))}"
    return f"aws sts get-caller-identity --profile {chosen} meets the same; mend the profile, then try again"


def _with_single_sign_on(profile: str, profiles: dict[str, dict[str, str]]) -> str:
    """The profile that logs in: this one, or the one that its role is assumed from."""
    seen: list[str] = []
    while profile not in seen:
        seen.append(profile)
        settings = profiles.get(profile, {})
        if "sso_session" in settings or "sso_start_url" in settings or "source_profile" not in settings:
            return profile
        profile = settings["source_profile"]
    return profile


if __name__ == "__main__":
    print(json.dumps(resolve(sys.argv[1] if len(sys.argv) > 1 else None)))  # noqa: T201 - what it is for
