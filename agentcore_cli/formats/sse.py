"""Server-sent events, parsed as they arrive (WHATWG HTML, section "Server-sent events")."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Final

from agentcore_cli.documents import value_or_text
from agentcore_cli.errors import AgentFailedError

_LOOKED_AT: Final = 10_000  # characters
_OBJECT: Final = re.compile(r"<[\w.]+( object)? at 0x[0-9a-f]+>|<class '")
_PYTHON: Final = re.compile(
    r"""[{\[(,:]\s*(b?'|b"|(None|True|False)\s*[,}\])]|<[\w.]+ object at 0x|datetime\.|[A-Z]\w+\()"""
)
_SDK_ERROR: Final = "An error occurred during streaming"  # BedrockAgentCoreApp's, when the handler raises midway


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """`id` is the last one that the stream gave, `retry` the time in milliseconds after which to call again."""

    data: str
    event: str = "message"
    id: str | None = None
    retry: int | None = None

    @property
    def value(self) -> object:
        """The JSON value in `data`, or `data` itself where it is none."""
        return value_or_text(self.data)

    @property
    def text(self) -> str:
        """As a person reads it: a JSON string is a piece of text, anything else a line of its own."""
        if self.data.startswith('"') and isinstance(value := self.value, str):
            return value
        return self.data + "\n"

    @property
    def is_python_text(self) -> bool:
        """Whether it is what Python writes for a value that JSON can't hold, and not what JSON writes."""
        value = self.value
        return isinstance(value, str) and is_python_text(value)

    def fault(self) -> AgentFailedError | None:
        """What went wrong, where the event says that the agent failed: the SDK's last event, AGUI's RUN_ERROR, or an
        error of JSON-RPC.
        """
        if '"jsonrpc"' in self.data:
            return rpc_fault(self.value)
        if _SDK_ERROR not in self.data and "RUN_ERROR" not in self.data:
            return None
        value = self.value
        if not isinstance(value, dict):
            return None
        if value.get("type") == "RUN_ERROR":
            return AgentFailedError(f"the agent failed: {value.get('message') or value.get('code')}")
        if value.get("message") == _SDK_ERROR and "error_type" in value:
            return AgentFailedError(f"the agent failed midway: {value['error_type']}: {value.get('error')}")
        return None


def rpc_fault(value: object) -> AgentFailedError | None:
    """The error in a JSON-RPC answer, if it has one (jsonrpc.org, section 5.1): MCP and A2A send it with status 200."""
    error = value.get("error") if isinstance(value, dict) and "jsonrpc" in value else None
    if not isinstance(error, dict):
        return None
    told = f"the agent answers with an error: {error.get('message')} (JSON-RPC {error.get('code')})"
    data = error.get("data")
    return AgentFailedError(
        told if data in (None, "") else f"{told}: {data if isinstance(data, str) else json.dumps(data)}"
    )


def is_python_text(text: str) -> bool:
    """Whether `text` is the repr of an object or of a container: what is left of a value that JSON can't hold."""
    beginning = text[:_LOOKED_AT]
    if beginning.startswith("<"):
        return _OBJECT.match(beginning) is not None
    if not beginning.startswith(("{", "[", "(")) or _PYTHON.search(beginning) is None:
        return False
    return value_or_text(text) is text


class SseParser:
    """Bytes in, whole events out. Chunks may split anywhere: inside a character, a line end, a field."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._rest: list[str] = []
        self._after_return = False
        self._data: list[str] = []
        self._event = ""
        self._id: str | None = None
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that `chunk` completes."""
        text = self._decode(chunk)
        if self._after_return and text:
            text = text.removeprefix("\n")
            self._after_return = False
        self._after_return = self._after_return or text.endswith("\r")
        first, *lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest.append(first)
        if not lines:
            return []
        lines.insert(0, "".join(self._rest))
        self._rest = [lines.pop()]
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            self._retry = int(value[:9])
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        if not data:
            return None
        return ServerSentEvent("\n".join(data), event or "message", self._id, self._retry)
