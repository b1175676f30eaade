"""Pages of a list: opaque tokens that hold the place behind which the next page starts.

A place is a row's own, not a count: what is written or deleted meanwhile moves no other row to another page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from agentcore_cli.local.control.paging import bad_token, place_of, token_of
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
    place = place_of(token, _Place)
    if place.of != _name(call) or len(place.at) != parts or not all(0 <= part <= _BEYOND for part in place.at):
        raise bad_token()
    return place.at


def token(call: MemoryCall, *at: int) -> str:
    return token_of(_Place(_name(call), list(at)))


def listing(call: MemoryCall, member: str, size: int, found: Sequence[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """The answer with one page as its `member`: of what was found, each item behind its place, the first `size`."""
    answer: dict[str, Any] = {member: [item for _, item in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = token(call, found[size - 1][0])
    return answer


def _name(call: MemoryCall) -> str:
    """A list is an operation with all it was asked, but for where a page starts and how long it is."""
    asked = {name: value for name, value in call.members.items() if name not in _NOT_ASKED}
    words = msgspec.json.encode([call.operation.name, call.region, asked], order="deterministic")
    return hashlib.sha256(words).hexdigest()[:16]
