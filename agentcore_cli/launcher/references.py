"""Where a secret is, as the config has it: `secretsmanager:NAME`, `secretsmanager:NAME#KEY` or `ssm:NAME`."""

from __future__ import annotations

import json
from typing import NamedTuple

VARIABLE = "AGENTCORE_SECRETS"  # of a runtime: {"region": …, "secrets": {NAME: SOURCE}}
SECRETS_MANAGER = "secretsmanager"
PARAMETER_STORE = "ssm"


class SecretError(Exception):
    """A secret that can't be had. What it says has no part of any value. `denied`: the role may not read it."""

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


class SecretReference(NamedTuple):
    """`name` may be a secret's whole ARN, `key` is that of one value of a secret which is a JSON object."""

    service: str
    name: str
    key: str | None = None

    @classmethod
    def of(cls, text: str) -> SecretReference:
        service, _, rest = text.partition(":")
        name, _, key = rest.partition("#")
        return cls(service, name, key or None)

    def __str__(self) -> str:
        return f"{self.service}:{self.name}" + (f"#{self.key}" if self.key else "")

    @property
    def region(self) -> str | None:
        """That of the ARN; None for a plain name, which is looked for in the agent's region."""
        return self.name.split(":")[3] if self.name.startswith("arn:") else None

    def pick(self, text: str) -> str:
        """The value of the variable, from the whole text of the secret.

        Raises SecretError where the key is not in it, and for what no variable can hold.
        """
        value = text if self.key is None else _member(self.key, text)
        if "\0" in value:
            raise SecretError("holds a NUL character, which no variable can")
        return value


def _member(key: str, text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise SecretError(f"is not a JSON object, so it has no key {key}")
    if key not in content:
        raise SecretError(f"has no key {key}")
    value = content[key]
    return value if isinstance(value, str) else json.dumps(value)
