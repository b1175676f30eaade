"""From the references in one variable to an agent with its secrets."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from agentcore_cli.launcher import credentials
from agentcore_cli.launcher.references import VARIABLE, SecretError, SecretReference
from agentcore_cli.launcher.values import SecretReader

_AT_ONCE = 8
_FAILED = 1
_NOT_STARTED = 127  # as a shell has it


class SecretsError(Exception):
    """What is wrong with which variables, a line each. `denied`: some of them may not be read."""

    def __init__(self, problems: Iterable[str], *, denied: bool = False) -> None:
        super().__init__("\n".join(problems))
        self.denied = denied


def main(arguments: list[str]) -> None:
    """Become the command `arguments`, with the secrets among its variables. Ends the process when one can't be had."""
    try:
        os.environ.update(wanted(os.environ.pop(VARIABLE, ""), os.environ))
    except SecretsError as error:
        _say(*str(error).splitlines(), "the agent is not started without its secrets")
        sys.exit(_FAILED)
    try:
        os.execvp(arguments[0], arguments)
    except (OSError, IndexError) as error:
        _say(f"can't start {' '.join(arguments[:1]) or 'nothing'}: {error}")
        sys.exit(_NOT_STARTED)


def _say(*lines: str) -> None:
    sys.stderr.write("".join(f"agentcore: {line}\n" for line in lines))


def wanted(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of `text`, `{"region": …, "secrets": {NAME: SOURCE}}`; none for none. Raises SecretsError."""
    if not text:
        return {}
    try:
        told = json.loads(text)
        region, references = told["region"], {name: SecretReference.of(said) for name, said in told["secrets"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SecretsError([f"{VARIABLE} is not as `agentcore deploy` sets it"]) from None
    try:
        reader = SecretReader.of(credentials.find(environ), region, environ)
    except SecretError as error:
        raise SecretsError([f"secrets {', '.join(references)}: {error}"]) from None
    return resolved(references, reader)


def resolved(references: Mapping[str, SecretReference], reader: SecretReader) -> dict[str, str]:
    """The values by their variables' names; each secret is asked for once. Raises SecretsError with all that failed."""
    asked = list(dict.fromkeys(reference._replace(key=None) for reference in references.values()))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(asked, pool.map(lambda reference: _tried(reader, reference), asked), strict=True))
    values, problems, denied = {}, [], False
    for name, reference in references.items():
        told = found[reference._replace(key=None)]
        try:
            if isinstance(told, SecretError):
                raise told
            values[name] = reference.pick(told)
        except SecretError as error:
            problems.append(f"secret {name}: {reference}: {error}")
            denied = denied or error.denied
    if problems:
        raise SecretsError(problems, denied=denied)
    return values


def _tried(reader: SecretReader, reference: SecretReference) -> str | SecretError:
    try:
        return reader.read(reference)
    except SecretError as error:
        return error
