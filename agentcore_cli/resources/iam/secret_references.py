"""The secrets of a runtime on AWS: references in one variable for the launcher, and what the role needs for them.

No value is known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from agentcore_cli.contract import ENVIRONMENT_VALUE_MAX, Arn, dns_suffix
from agentcore_cli.errors import InputError
from agentcore_cli.launcher.references import PARAMETER_STORE, SECRETS_MANAGER, VARIABLE, SecretReference

_SUFFIX: Final = "-??????"  # what Secrets Manager adds to a name in its ARN
_WHOLE_ARN: Final = re.compile(r"arn:.*-[A-Za-z0-9]{6}")


def variables(secrets: Mapping[str, str], region: str) -> dict[str, str]:
    """The variable that tells the launcher where the secrets are; none for none.

    Raises InputError for more references than AgentCore takes in one variable.
    """
    if not secrets:
        return {}
    text = json.dumps({"region": region, "secrets": dict(sorted(secrets.items()))}, separators=(",", ":"))
    if len(text) > ENVIRONMENT_VALUE_MAX:
        raise InputError(
            f"secrets: their references have {len(text)} characters together, above {ENVIRONMENT_VALUE_MAX}",
            hint="keep some of them in one secret, as JSON, and name its parts with #KEY",
        )
    return {VARIABLE: text}


def fact(text: str | None, region: str) -> dict[str, str] | None:
    """The references in a runtime's variable; what `variables` did not write is shown as it is."""
    if text is None:
        return None
    try:
        told = json.loads(text)
        if told["region"] == region:
            return dict(told["secrets"])
    except (ValueError, KeyError, TypeError):
        pass
    return {VARIABLE: text}


def permissions(secrets: Iterable[str], keys: Iterable[str], place: Mapping[str, str]) -> dict[str, Any]:
    """What the role's policy needs to know: the ARNs of secrets and parameters, and the keys with who may ask them.

    `place` has partition, region and account.
    """
    references = [SecretReference.of(text) for text in secrets]
    found = {
        service: sorted({_arn(reference, place) for reference in references if reference.service == service})
        for service in (SECRETS_MANAGER, PARAMETER_STORE)
    }
    regions = sorted({Arn.of(key).region for key in keys})
    through = [f"{service}.{region}.{dns_suffix(region)}" for service in found if found[service] for region in regions]
    return {
        "secret_arns": found[SECRETS_MANAGER],
        "parameter_arns": found[PARAMETER_STORE],
        "key_arns": sorted(keys) if through else [],
        "key_users": through,
    }


def _arn(reference: SecretReference, place: Mapping[str, str]) -> str:
    if reference.name.startswith("arn:"):
        return reference.name if _WHOLE_ARN.fullmatch(reference.name) else f"{reference.name}{_SUFFIX}"
    start = f"arn:{place['partition']}:{reference.service}:{place['region']}:{place['account']}"
    if reference.service == PARAMETER_STORE:
        return f"{start}:parameter/{reference.name.removeprefix('/')}"
    return f"{start}:secret:{reference.name}{_SUFFIX}"
