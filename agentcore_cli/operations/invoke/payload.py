"""What a person types as PAYLOAD, as the bytes that are sent."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from agentcore_cli.contract import PAYLOAD_MAX
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError
from agentcore_cli.operations.configure.wording import Wording

JSON = "application/json"
_HTTP = Wording()


class Payload(Struct, frozen=True):
    body: bytes
    content_type: str


def read_payload(
    argument: str | None, content_type: str | None, stdin: BinaryIO | None = None, *, wording: Wording = _HTTP
) -> Payload:
    """`argument` is a JSON object or array, `@FILE`, `-` for stdin, or text, which `wording` makes a request of.

    With `content_type` nothing is interpreted. None is what `wording` makes of nothing. Raises InputError for a file
    that can't be read, broken JSON, text that the agent's protocol has no use for, bytes without a content type, and
    more than 100,000,000 bytes.
    """
    if argument is None:
        return Payload(json.dumps(wording.of(None)).encode(), content_type or JSON)
    raw = _raw(argument, stdin)
    if len(raw) > PAYLOAD_MAX:
        raise InputError(f"the payload has {len(raw):,} bytes; AgentCore takes at most {PAYLOAD_MAX:,}")
    if content_type is not None:
        return Payload(raw, content_type)
    try:
        text = text_of(raw)
    except UnicodeDecodeError:
        raise InputError("the payload is not text", hint="give --content-type, e.g. application/octet-stream") from None
    return payload_of(text, wording)


def payload_of(text: str, wording: Wording = _HTTP) -> Payload:
    """JSON goes as it is, other text as `wording` has it. Raises InputError for what begins like JSON and is none."""
    if not text.lstrip().startswith(("{", "[")):
        return Payload(json.dumps(wording.of(text), ensure_ascii=False).encode(), JSON)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"the payload begins like JSON but is none: {error}",
            hint="mend the quotes, or send it as it is with --content-type text/plain",
        ) from None
    return Payload(text.encode(), JSON)


def _raw(argument: str, stdin: BinaryIO | None) -> bytes:
    if argument == "-":
        return (stdin or sys.stdin.buffer).read(PAYLOAD_MAX + 1)
    if argument.startswith("@"):
        try:
            return Path(argument[1:]).read_bytes()
        except OSError as error:
            hint = "@ names a file; text that begins with it goes by stdin: PAYLOAD -"
            raise InputError(f"{argument}: {error.strerror}", hint=hint) from None
    return argument.encode(errors="surrogateescape")
