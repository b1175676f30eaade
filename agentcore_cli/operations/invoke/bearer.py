"""A bearer token, from where it does not get into a process list or a shell's history."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

VARIABLE: Final = "AGENTCORE_BEARER_TOKEN"
_LONGEST: Final = 64 * 1024  # characters; no proxy takes a longer header


def read_bearer(
    argument: str | None, environ: Mapping[str, str] = os.environ, stdin: TextIO | None = None
) -> str | None:
    """The token that `--bearer-token` or the variable gives: itself, `@FILE`, or `-` for stdin; None without either.

    Raises InputError for what is no token; no message holds any of it.
    """
    if argument is None:
        return _checked(environ[VARIABLE], VARIABLE) if environ.get(VARIABLE) else None
    if argument == "-":
        return _checked((stdin or sys.stdin).read(_LONGEST + 1).removeprefix("\ufeff"), "--bearer-token -")
    if argument.startswith("@"):
        try:
            return _checked(text_of(Path(argument[1:]).read_bytes()), f"--bearer-token {argument}")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise InputError(f"--bearer-token {argument}: can't be read: {reason}") from None
    return _checked(argument, "--bearer-token")


def is_exposed(argument: str | None) -> bool:
    """Whether the token itself stands on the command line, where every process list shows it."""
    return argument is not None and argument != "-" and not argument.startswith("@")


def _checked(text: str, source: str) -> str:
    scheme, _, rest = text.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else text.strip()
    if not token:
        raise InputError(f"{source}: there is no token in it")
    if len(token) > _LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"{source}: what it holds is not a token", hint="a token is one word of ASCII")
    return token
