"""A Bedrock that plays by a script: Converse and ConverseStream on loopback, for agents that must run unmodified.

An agent is sent here by `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` and signs with credentials that are worth nothing; no model
call leaves the machine. What is said comes from `tests.fakes.model_script`, what is spoken on the wire stands here: the
two operations' JSON shapes and the AWS event stream framing, as botocore's model of `bedrock-runtime` has them.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from itertools import count
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes.model_script import Reply, ToolCall, reply
from tests.fakes.threaded import Handler, ThreadedServer

_OPERATION = re.compile(r"/model/[^/]+/(converse|converse-stream)")
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,"
    r" SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>\w+)"
)
_STRING_HEADER = 7
_call_numbers = count(1)
_USAGE = {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}

Event = tuple[str, dict[str, Any]]


class ScriptedBedrock(ThreadedServer):
    """The server, from `with` to the end of the block. `requests` holds the body of every call it was sent.

    With `secret_of`, which gives the secret of an access key id, it verifies signatures as AWS does.
    """

    def __init__(self, secret_of: Callable[[str], str | None] | None = None) -> None:
        super().__init__(_handler_for(self))
        self.requests: list[dict[str, Any]] = []
        self.secret_of = secret_of

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send an AWS SDK here."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ACCESS_KEY_ID": "AKIASCRIPTED",
            "AWS_SECRET_ACCESS_KEY": "scripted",
            "AWS_REGION": "us-west-2",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def _handler_for(bedrock: ScriptedBedrock) -> type[Handler]:
    class Model(Handler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.read_body()
            if bedrock.secret_of is not None and not _is_signed(self.headers, self.path, body, bedrock.secret_of):
                self.answer(403, {"message": "The security token is invalid."})
                return
            request = json.loads(body)
            operation = _OPERATION.fullmatch(self.path)
            if operation is None:
                self.answer(404, {"message": "not part of the script"})
                return
            bedrock.requests.append(request)
            self._reply(operation[1], reply(request["messages"], _offered_tools(request)))

        def _reply(self, operation: str, answer: Reply) -> None:
            if operation == "converse":
                self.answer(200, _whole(answer))
            else:
                frames = b"".join(encode_event(name, body) for name, body in _pieces(answer))
                self.answer(200, frames, "application/vnd.amazon.eventstream")

    return Model


def _is_signed(headers: Message, path: str, body: bytes, secret_of: Callable[[str], str | None]) -> bool:
    """Whether botocore, with the secret of the caller's key, signs the same request alike."""
    told = _SIGNED.fullmatch(headers["Authorization"] or "")
    secret = secret_of(told["key"]) if told else None
    if told is None or secret is None:
        return False
    sent = {name: headers[name] for name in told["names"].split(";")}
    request = AWSRequest("POST", f"http://{headers['Host']}{path}", sent, body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(told["key"], secret), told["service"], told["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return bool(signer.signature(text, request) == told["signature"])


def _offered_tools(request: dict[str, Any]) -> dict[str, list[str]]:
    """The names of the offered tools, each with the names of its required parameters."""
    specs = [tool["toolSpec"] for tool in request.get("toolConfig", {}).get("tools", []) if "toolSpec" in tool]
    return {spec["name"]: spec["inputSchema"]["json"].get("required", []) for spec in specs}


def _whole(answer: Reply) -> dict[str, Any]:
    """`answer` as the body of a Converse response."""
    content = (
        {"toolUse": _tool_use(answer, input=answer.arguments)} if isinstance(answer, ToolCall) else {"text": answer}
    )
    return {"output": {"message": {"role": "assistant", "content": [content]}}, "stopReason": _reason(answer), **_USAGE}


def _pieces(answer: Reply) -> Iterator[Event]:
    """`answer` as the events of a ConverseStream response; text comes word by word."""
    yield "messageStart", {"role": "assistant"}
    if isinstance(answer, ToolCall):
        yield "contentBlockStart", {"start": {"toolUse": _tool_use(answer)}, "contentBlockIndex": 0}
        yield _delta({"toolUse": {"input": json.dumps(answer.arguments)}})
    else:
        for word in re.findall(r"\S+\s*", answer):
            yield _delta({"text": word})
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": _reason(answer)}
    yield "metadata", _USAGE


def _delta(content: dict[str, Any]) -> Event:
    return "contentBlockDelta", {"delta": content, "contentBlockIndex": 0}


def _tool_use(call: ToolCall, **extra: Any) -> dict[str, Any]:
    return {"toolUseId": f"tooluse_{next(_call_numbers)}", "name": call.name, **extra}


def _reason(answer: Reply) -> str:
    return "tool_use" if isinstance(answer, ToolCall) else "end_turn"


def encode_event(name: str, body: dict[str, Any]) -> bytes:
    """One message of an AWS event stream: lengths, CRC of both, headers, payload, CRC of all that came before."""
    headers = b"".join(
        _encode_header(key, value)
        for key, value in ((":message-type", "event"), (":event-type", name), (":content-type", "application/json"))
    )
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _encode_header(name: str, value: str) -> bytes:
    return (
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING_HEADER, len(value)) + value.encode()
    )
