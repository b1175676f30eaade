"""Pages of a list: opaque tokens that hold the place after which the next page starts.

The order is that of creation, so pages neither repeat nor lose an item that was there all the time.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from agentcore_cli.local.control.requests import Call
from agentcore_cli.local.http.wire import ServiceFault

PAGE_SIZE: Final = 100  # when maxResults is not given

Item = TypeVar("Item")
Place = TypeVar("Place", bound=msgspec.Struct)


class _Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A list is an operation in a region, of a runtime where it has one."""

    list: tuple[str, str, str]
    after: int


def listing(
    call: Call,
    member: str,
    fetch: Callable[[int, int], Sequence[Item]],
    key: Callable[[Item], int],
    shown: Callable[[Item], dict[str, Any]],
) -> dict[str, Any]:
    """The answer with one page as its `member`: `fetch(after, limit)` gives items with growing `key`.

    Raises ServiceFault (400) for a token that another list gave, or none.
    """
    this = (call.operation.name, call.region, call.members.get("agentRuntimeId", ""))
    after = _after(this, call.members.get("nextToken"))
    size = call.members.get("maxResults", PAGE_SIZE)
    found = fetch(after, size + 1)
    answer: dict[str, Any] = {member: [shown(item) for item in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = token_of(_Place(this, key(found[size - 1])))
    return answer


def _after(this: tuple[str, str, str], token: str | None) -> int:
    if token is None:
        return 0
    place = place_of(token, _Place)
    if place.list != this:
        raise bad_token()
    return place.after


def token_of(place: msgspec.Struct) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode()


def place_of(token: str, shape: type[Place]) -> Place:
    """What `token_of` made a token of. Raises ServiceFault (400) for what is no token."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(token), type=shape)
    except (binascii.Error, ValueError) as error:
        raise bad_token() from error


def bad_token() -> ServiceFault:
    return ServiceFault.invalid("nextToken", "nextToken: not a token that this list gave")
