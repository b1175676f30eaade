"""From the wire to a validated request: members are gathered from path, query and body, then checked, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.local.control.operations import ServedOperation
from agentcore_cli.local.control.schema import Integer, List, Shape
from agentcore_cli.local.control.validation import validate
from agentcore_cli.local.http.wire import ServiceFault, parsed

_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Call:
    """One valid request: `members` holds those that were given, in the model's names.

    `must_start` is of no operation's model: a version that the request makes has to start before DEFAULT leads to it,
    and what becomes of the session that shows it (see `contract.MustStart`).
    """

    operation: ServedOperation
    region: str
    members: Mapping[str, Any]
    must_start: str = ""


def read(
    operation: ServedOperation, in_path: Mapping[str, str], query: Mapping[str, list[str]], body: bytes
) -> dict[str, Any]:
    """The members of a request. Raises ServiceFault (400) for what can't be parsed or breaks a constraint or rule."""
    sent: dict[str, Any] = dict(_parse(body)) if operation.in_body else {}
    gathered = {name: sent.get(name) for name in operation.in_body}
    gathered |= in_path
    gathered |= {
        member: _from_query(operation.shape.members[member], query[name])
        for name, member in operation.query.items()
        if query.get(name)
    }
    members = validate(operation.shape, gathered)
    if broken := list(operation.rules(members)):
        raise ServiceFault.validation("; ".join(fault.message for fault in broken), fields=broken)
    return members


def _parse(body: bytes) -> Mapping[str, Any]:
    value: Any = parsed(body or b"{}", object)
    if not isinstance(value, dict):
        raise ServiceFault.validation("The request body must be a JSON object", reason="CannotParse")
    return value


def _from_query(shape: Shape, texts: list[str]) -> Any:
    """A query parameter as its shape's type; a text that is no number stays one and fails validation by its type."""
    if isinstance(shape, List):
        return texts
    if isinstance(shape, Integer) and _INTEGER.fullmatch(texts[0]):
        return int(texts[0])
    return texts[0]
