"""What is of interest of a JSON-RPC request: its method, and the id that a refusal has to name (JSON-RPC 2.0, 5)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_NULL: Final = msgspec.Raw(b"null")
_STRING: Final = rb'"(?:[^"\\]|\\.)*"'
_TOKEN: Final = re.compile(_STRING + rb"|[][{}]")
_ID: Final = re.compile(rb"\s*:\s*(" + _STRING + rb"|-?[0-9][0-9.eE+-]*)")
_SCALAR: Final = re.compile(rb'["0-9-]')


class Rpc(msgspec.Struct):
    """`id` is as it was sent: text or a number, else null."""

    method: str = ""
    id: msgspec.Raw = _NULL


def read(body: bytes) -> Rpc:
    """The request in a body; nothing of one that is none."""
    try:
        rpc = msgspec.json.decode(body, type=Rpc)
    except RecursionError:
        return Rpc(id=_scanned_id(body))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Rpc()
    return rpc if _SCALAR.match(bytes(rpc.id)) else Rpc(rpc.method)


def _scanned_id(body: bytes) -> msgspec.Raw:
    """The id of a request that is nested deeper than can be read."""
    depth = 0
    for token in _TOKEN.finditer(body):
        if token[0] in b"{[":
            depth += 1
        elif token[0] in b"}]":
            depth -= 1
        elif depth == 1 and token[0] == b'"id"' and (value := _ID.match(body, token.end())):
            return msgspec.Raw(value[1])
    return _NULL
