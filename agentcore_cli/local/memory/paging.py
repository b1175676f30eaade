"""Pages of a list: opaque tokens that hold the place behind which the next page starts.

A place is a row's own, not a count: what is written or deleted meanwhile moves no other row to another page.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from agentcore_cli.local.http.wire import FieldFault, ServiceFault
from agentcore_cli.local.memory.call import MemoryCall

PAGE_SIZE: Final = 20  # when maxResults is not given (the model's documentation)
_BEYOND: Final = 2**63 - 1  # above every place
_NOT_ASKED: Final = ("nextToken", "maxResults")


class _Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    of: str
    at: list[int]


def size(call: MemoryCall, default: int = PAGE_SIZE) -> int:
    asked: int = call.members.get("maxResults", default)
    return asked


def after(call: MemoryCall, parts: int = 1) -> list[int]:
    """The place where the page starts, of so many numbers; above all others without a token.

    Raises ServiceFault (400) for a token that another list gave, or none.
    """
    token = call.members.get("nextToken")
    if token is None:
        return [_BEYOND] * parts
    try:
        place = msgspec.json.decode(urlsafe_b64decode(token), type=_Place)
    except (binascii.Error, ValueError) as error:
        raise _bad_token() from error
    if place.of != _name(call) or len(place.at) != parts or not all(0 <= part <= _BEYOND for part in place.at):
        raise _bad_token()
    return place.at


def token(call: MemoryCall, *at: int) -> str:
    return urlsafe_b64encode(msgspec.json.encode(_Place(_name(call), list(at)))).decode()


def _name(call: MemoryCall) -> str:
    """A list is an operation with all it was asked, but for where a page starts and how long it is."""
    asked = {name: value for name, value in call.members.items() if name not in _NOT_ASKED}
    words = msgspec.json.encode([call.operation.name, call.region, asked], order="deterministic")
    return hashlib.sha256(words).hexdigest()[:16]


def _bad_token() -> ServiceFault:
    fault = FieldFault("nextToken", "nextToken: not a token that this list gave")
    return ServiceFault.validation(fault.message, fields=[fault])
