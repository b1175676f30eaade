"""An agent's answer as `invoke` shows it: on a terminal, in a pipe, in a file, as JSON."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from agentcore_cli.documents import value_or_text
from agentcore_cli.errors import AgentcoreError

if TYPE_CHECKING:
    from agentcore_cli.formats.sse import ServerSentEvent
    from agentcore_cli.operations.invoke.invoke import Invocation
    from agentcore_cli.ui import Output

_TEXT: Final = "text/"
_NUMBERED_MAX: Final = 5
_ERROR_MAX: Final = 1_000_000  # bytes from which on an answer is no error


def show(invocation: Invocation, out: Output, *, output: Path | None, raw: bool) -> None:
    """Print the answer, or write it to `output`. Raises AgentFailedError when it breaks off, or says it failed."""
    if output is not None:
        _save(invocation, output, out)
    elif raw:
        for piece in _bytes(invocation):
            out.binary(piece)
    elif invocation.streams:
        _show_stream(invocation, out)
    elif invocation.answer.content_type.startswith(_TEXT) and not out.json:
        _show_text(invocation, out)
    else:
        _show_whole(invocation, out)


def envelope(invocation: Invocation) -> dict[str, object]:
    """What JSON says beside the answer itself."""
    traced = {"trace_id": invocation.trace_id} if invocation.trace_id else {}
    return {
        "session": invocation.session,
        "session_id": invocation.session_id,
        "status_code": invocation.answer.status,
        "content_type": invocation.answer.content_type,
        **traced,
    }


def json_event(event: ServerSentEvent) -> dict[str, object]:
    """A server-sent event as one of the lines of `--json`."""
    return {"type": event.event, "id": event.id, "data": event.value}


def _bytes(invocation: Invocation) -> Iterator[bytes]:
    """The answer's bytes, and then the failure that its end told of."""
    if not invocation.streams:
        body = bytearray()
        for piece in invocation.pieces():
            yield piece
            body += piece if len(body) < _ERROR_MAX else b""
        invocation.check_whole(bytes(body))
        return
    from agentcore_cli.formats.sse import SseParser

    parser, fault = SseParser(), None
    for piece in invocation.pieces():
        yield piece
        for event in parser.feed(piece):
            fault = event.fault()
    if fault is not None:
        raise invocation.failed(fault)


def _save(invocation: Invocation, path: Path, out: Output) -> None:
    size = 0
    try:
        with path.open("wb") as file:
            for piece in _bytes(invocation):
                size += file.write(piece)
                file.flush()
    except OSError as error:
        raise AgentcoreError(f"--output {path}: {error.strerror}") from error
    except AgentcoreError:
        out.note(f"the {size:,} bytes that arrived are in {path}")
        raise
    out.result(envelope(invocation) | {"output": path, "bytes": size})
    out.note(f"{size:,} bytes of {invocation.answer.content_type} in {path}")


def _show_stream(invocation: Invocation, out: Output) -> None:
    from agentcore_cli.formats.sse import SseParser

    parser, count, text, fault = SseParser(), 0, "\n", None
    odd: list[int] = []
    try:
        for piece in invocation.pieces():
            for event in parser.feed(piece):
                count += 1
                fault = event.fault()
                text = event.text
                if event.is_python_text:
                    odd.append(count)
                if out.json:
                    out.event("data", json_event(event))
                else:
                    out.piece(text)
    finally:
        if not out.json and not text.endswith("\n"):
            out.piece("\n")
        if odd:
            _warn_of_python(f"{_numbered(odd)} of the stream {'is' if len(odd) == 1 else 'are'}", out)
    if fault is not None:
        raise invocation.failed(fault)
    if out.json:
        out.result(envelope(invocation) | {"events": count}, last_of_stream=True)


def _numbered(numbers: list[int]) -> str:
    """A few events by their numbers."""
    if len(numbers) == 1:
        return f"event {numbers[0]}"
    shown = ", ".join(map(str, numbers[:_NUMBERED_MAX]))
    return f"events {shown}" + (f" and {len(numbers) - _NUMBERED_MAX} more" if len(numbers) > _NUMBERED_MAX else "")


def _warn_of_python(what: str, out: Output) -> None:
    out.warning(
        f"{what} Python's text of a value, not JSON: the agent gives what JSON can't hold (bytes, dates, objects), so "
        "the SDK sends str() of it; give text, or a dict of plain values"
    )


def _show_text(invocation: Invocation, out: Output) -> None:
    """Text as it arrives, in UTF-8; a pipe gets the bytes as they are."""
    if not sys.stdout.isatty():
        last = b"\n"
        try:
            for last in filter(None, invocation.pieces()):
                out.binary(last)
        finally:
            out.piece("" if last.endswith(b"\n") else "\n")
        return
    decode, text = codecs.getincrementaldecoder("utf-8")("replace").decode, "\n"
    try:
        for piece in invocation.pieces():
            text = decode(piece) or text
            out.piece(text)
    finally:
        out.piece(decode(b"", final=True))
        out.piece("" if text.endswith("\n") else "\n")


def _show_whole(invocation: Invocation, out: Output) -> None:
    body = bytearray()
    try:
        for piece in invocation.pieces():
            body += piece
    except AgentcoreError:
        _show_beginning(bytes(body), out)
        raise
    _warn_if_python(bytes(body), out)
    if out.json:
        invocation.check_whole(bytes(body))
        out.result(envelope(invocation) | {"response": _response(bytes(body))})
        return
    try:
        text = body.decode()
    except UnicodeDecodeError:
        _show_bytes(bytes(body), invocation.answer.content_type, out)
        return
    if sys.stdout.isatty():
        text = pretty(value_or_text(text))
    out.piece(text if text.endswith("\n") or not text else text + "\n")
    invocation.check_whole(bytes(body))


def _warn_if_python(body: bytes, out: Output) -> None:
    """Of a whole answer that is a JSON text: only such comes from the SDK."""
    if not body.startswith((b'"{', b'"[', b'"(', b'"<')):
        return
    from agentcore_cli.formats.sse import is_python_text

    value = _response(body)
    if isinstance(value, str) and is_python_text(value):
        _warn_of_python("the answer is", out)


def _show_beginning(body: bytes, out: Output) -> None:
    """What arrived of an answer that broke off. With `--json` stdout has room for the error alone."""
    if out.json:
        out.note(f"before it broke off: {body.decode(errors='replace')}")
    elif sys.stdout.isatty():
        out.piece(body.decode(errors="replace") + "\n")
    else:
        out.binary(body)
        out.piece("" if body.endswith(b"\n") or not body else "\n")


def _show_bytes(body: bytes, content_type: str, out: Output) -> None:
    """Bytes that are no text could steer a terminal; into a pipe they go as they are."""
    if sys.stdout.isatty():
        out.note(f"{len(body):,} bytes of {content_type} are not text; --output FILE keeps them, --raw prints them")
    else:
        out.binary(body)


def pretty(value: object) -> str:
    """A JSON value for a person: a string is its text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def _response(body: bytes) -> object:
    try:
        return value_or_text(body.decode())
    except UnicodeDecodeError:
        return body
