"""Which AWS credentials sign a call to the data plane: botocore's chain, with a short way to keys that stand there.

Keys in the environment, or of a profile that holds nothing but keys, are read here: the chain would find the same
ones and takes 300 ms to import. Everything else (single sign-on, assumed roles, web identities, a credential process,
containers, instances) is botocore's work.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli.aws.profiles import read_profile

_KEYS: Final = ("aws_access_key_id", "aws_secret_access_key")
# What makes botocore look elsewhere before it takes a profile's keys.
_ELSEWHERE: Final = ("role_arn", "source_profile", "credential_", "sso_", "login_", "web_identity_token_file")


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def find(
    profile: str | None, region: str, *, assume_role: str | None = None, environ: Mapping[str, str] = os.environ
) -> Credentials:
    """The caller's credentials, or those of `assume_role`. Raises CredentialsError when there are none.

    `region` is where the role is assumed.
    """
    if assume_role is None and (keys := _in_environment(profile, environ) or _of_profile(profile, environ)):
        return keys
    return _by_chain(profile, region, assume_role)


def _in_environment(profile: str | None, environ: Mapping[str, str]) -> Credentials | None:
    """A profile that was asked for counts more than variables; keys that expire are botocore's."""
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if profile or not key or not secret or environ.get("AWS_CREDENTIAL_EXPIRATION"):
        return None
    return Credentials(key, secret, environ.get("AWS_SECURITY_TOKEN") or environ.get("AWS_SESSION_TOKEN") or None)


def _of_profile(profile: str | None, environ: Mapping[str, str]) -> Credentials | None:
    if not profile and (environ.get("AWS_ACCESS_KEY_ID") or environ.get("AWS_WEB_IDENTITY_TOKEN_FILE")):
        return None
    settings = read_profile(profile, environ).settings
    key, secret = (settings.get(name) for name in _KEYS)
    if not key or not secret or any(name.startswith(_ELSEWHERE) for name in settings):
        return None
    return Credentials(key, secret, settings.get("aws_session_token") or settings.get("aws_security_token"))


def _by_chain(profile: str | None, region: str, assume_role: str | None) -> Credentials:
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    from agentcore_cli.aws.errors import translate

    try:
        session = botocore.session.Session(profile=profile)
        if assume_role is not None:
            return _assumed(session, region, assume_role)
        if (found := session.get_credentials()) is None:
            raise NoCredentialsError
        frozen = found.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise translate(error, "bedrock-agentcore", "InvokeAgentRuntime") from error
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _assumed(session: object, region: str, role: str) -> Credentials:
    client = session.create_client("sts", region_name=region)  # type: ignore[attr-defined]
    given = client.assume_role(RoleArn=role, RoleSessionName="agentcore")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
