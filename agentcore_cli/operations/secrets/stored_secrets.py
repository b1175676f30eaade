"""Secrets that AWS keeps, read for local sessions: by whoever deploys, where the project's agents are in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentcore_cli.aws import credentials
from agentcore_cli.certificates import trusted
from agentcore_cli.contract import LOCAL_KEY_PREFIX, LOCAL_REGION
from agentcore_cli.errors import CredentialsError, DeniedError, InputError
from agentcore_cli.launcher.credentials import RoleCredentials
from agentcore_cli.launcher.references import SecretReference
from agentcore_cli.launcher.start import SecretsError, resolved
from agentcore_cli.launcher.values import RetryLimits, SecretReader
from agentcore_cli.operations.aws_profile import find_region
from agentcore_cli.operations.selection import Selected
from agentcore_cli.signature import SigningKey
from agentcore_cli.trust import origin

_PATIENCE: Final = RetryLimits(busy=5.0, denied=0.0)  # seconds: somebody sits there and waits


def read(selected: Selected, wanted: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The values of these variables, each of which has a reference to what AWS keeps.

    Raises CredentialsError (3) without credentials or for what they may not read, InputError (2) for what is not there.
    """
    instead = f"a line {next(iter(wanted))}=VALUE in .env takes its place on this machine"
    try:
        reader = _reader(selected, environ)
        return resolved({name: SecretReference.of(source) for name, source in wanted.items()}, reader)
    except SecretsError as error:
        kind = DeniedError if error.denied else InputError
        hint = f"see that it is there and that you may read it; or {instead}"
        raise kind(f"agents.{selected.agent_name}: {error}", hint=hint) from None
    except CredentialsError as error:
        error.message = f"agents.{selected.agent_name}.secrets: {', '.join(wanted)}: {error.message}"
        renewal = (error.hint or "").replace("; or `--local`, which needs none", "")
        error.hint = f"{renewal}; or {instead}" if renewal else instead
        raise


def _reader(selected: Selected, environ: Mapping[str, str]) -> SecretReader:
    config = selected.loaded.config
    target = config.targets.get(config.default_aws_target or "")
    profile = selected.target.profile or config.usual_profile
    found = find_region(profile, environ)
    region = selected.target.region or (target and target.region) or (found[0] if found else LOCAL_REGION)
    if target and target.endpoint:
        key = f"targets.{config.default_aws_target}.endpoint"
        selected.require_trust(key, target.endpoint, address=origin(target.endpoint))
        environ = {**environ, "AWS_ENDPOINT_URL": target.endpoint}
    if not profile and environ.get("AWS_ACCESS_KEY_ID", "").startswith(LOCAL_KEY_PREFIX):
        raise CredentialsError("the keys of this shell are the local runtime's", hint="give keys of AWS, or --profile")
    given = credentials.find(profile, region, assume_role=target.assume_role if target else None, environ=environ)
    key_of_caller = RoleCredentials(SigningKey(given.access_key, given.secret_key), given.token)
    return SecretReader(key_of_caller, region, environ, trusted(), _PATIENCE)
