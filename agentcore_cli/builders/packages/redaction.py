"""Texts without the credentials of the addresses in them: users, passwords, and tokens in queries.

A password may be percent-encoded or written as it is, with `@`, `/`, `?` or `#` in it: then no parser agrees on where
the host begins. What could belong to a password goes; of an address without one nothing does, not the `@v1` of a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_CONCEALED_MIN: Final = 4  # characters
UNCLEAR: Final = "the password in an address has /, ? or # in it as it is, so that nobody finds the host"
ENCODE: Final = "write them as %2F, %3F and %23"
# An address ends at a blank or a quotation mark, and before the next one.
_ADDRESS: Final = re.compile(r"(?<=://)(?:(?!://)[^\s\"`<>])+")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_ANOTHER_HOST: Final = re.compile(r"@(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?/")
_NAMED_HOST: Final = re.compile(r"(?:[\w-]+(?:\.[\w-]+)+|localhost|\[[0-9a-f:.]+\])(?::\d*)?", re.IGNORECASE)
_PORT: Final = re.compile(r"[^:]+:\d*")
_IN_QUERY: Final = re.compile(
    r"(?<=[?&])((?:access_?|private_?|auth_?|job_?|api_?)?(?:token|key)|password|passwd|secret|sig"
    r"|x-amz-(?:signature|credential|security-token))=(?!\*\*\*)[^&\s\"'`<>#]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with `***` in place of what opens something. Of a text without credentials nothing is changed."""
    return _IN_QUERY.sub(r"\1=***", _ADDRESS.sub(lambda found: _without_user(found[0]), text))


def conceal(text: str, values: Iterable[str]) -> str:
    """`redact`ed, and without these values; shorter ones would blank half of what is said."""
    for value in values:
        if len(value) >= _CONCEALED_MIN:
            text = text.replace(value, "***")
    return redact(text)


def unclear_line(text: str) -> int | None:
    """The number of the first line with an address in which a password hides the host: it has `/`, `?` or `#` as it is.

    Installers read another address than was meant, ask there, and tell it with a part of the password. None: no line.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        for address in _ADDRESS.findall(line):
            authority = _AUTHORITY.match(address)
            if authority and _end_of_user(address) > authority.end():
                return number
    return None


def _without_user(address: str) -> str:
    """An address, from behind its `://`."""
    end = _end_of_user(address)
    return f"***@{address[end:]}" if end else address


def _end_of_user(address: str) -> int:
    """Where what follows the user and password begins; 0 where there are none."""
    authority = _AUTHORITY.match(address)
    assert authority
    user, at, host = authority[0].rpartition("@")
    if at:
        end = len(user) + 1
        others = [found.start() + 1 for found in _ANOTHER_HOST.finditer(address, end)]
        if others:
            return others[-1]
        return end if _NAMED_HOST.fullmatch(host) else max(end, address.rfind("@") + 1)
    named = authority[0]
    if ":" not in named or _NAMED_HOST.fullmatch(named):
        return 0
    others = [found.start() + 1 for found in _ANOTHER_HOST.finditer(address)]
    if others:
        return others[-1]
    return 0 if _PORT.fullmatch(named) else address.rfind("@") + 1
