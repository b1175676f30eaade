"""Which trace a call belongs to, and how its agent is told: W3C's `traceparent`, and X-Ray's `X-Amzn-Trace-Id`.

Both are parameters of InvokeAgentRuntime. A caller's trace goes on: the call becomes a span of it. Without one it
begins a trace of its own. What a caller sends that is neither goes through to the agent as it came.
"""

from __future__ import annotations

import re
import secrets
from typing import Final, NamedTuple

from agentcore_cli.local.http.headers import HeaderList

TRACEPARENT: Final = b"traceparent"
XRAY: Final = b"x-amzn-trace-id"
_TRACEPARENT: Final = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_ROOT: Final = re.compile(rb"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})\s*(?:;|$)")
_PARENT: Final = re.compile(rb"(?:^|;)\s*Parent=([0-9a-f]{16})\s*(?:;|$)")
_SAMPLED: Final = re.compile(rb"(?:^|;)\s*Sampled=([01?])\s*(?:;|$)")


class TraceContext(NamedTuple):
    """`span_id` is that of the call itself, `parent_id` its caller's span, "" for none.

    `passes`: the agent is told; it is not where the caller sent something else in these headers.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = True
    passes: bool = True

    @classmethod
    def of(cls, received: HeaderList) -> TraceContext:
        """That of a call with these headers."""
        sent = {name: value for name, value in received if name in (TRACEPARENT, XRAY)}
        span_id = secrets.token_hex(8)
        if found := _TRACEPARENT.fullmatch(sent.get(TRACEPARENT, b"").strip()):
            trace, parent, flags = (each.decode() for each in found.groups())
            return cls(trace, span_id, parent, sampled=bool(int(flags, 16) & 1))
        if TRACEPARENT not in sent and (root := _ROOT.search(sent.get(XRAY, b""))):
            sampled, known = _SAMPLED.search(sent[XRAY]), _PARENT.search(sent[XRAY])
            trace = (root[1] + root[2]).decode()
            is_sampled = sampled is None or sampled[1] != b"0"
            return cls(trace, span_id, known[1].decode() if known else "", sampled=is_sampled)
        return cls(secrets.token_hex(16), span_id, passes=not sent)

    def passed_on(self, headers: HeaderList) -> HeaderList:
        """The headers of the request to the agent, with the call as the parent of what it does."""
        if not self.passes:
            return headers
        flags = b"01" if self.sampled else b"00"
        trace, span = self.trace_id.encode(), self.span_id.encode()
        xray = b"Root=1-%b-%b;Parent=%b;Sampled=%b" % (trace[:8], trace[8:], span, flags[1:])
        kept = [(name, value) for name, value in headers if name not in (TRACEPARENT, XRAY)]
        return [*kept, (TRACEPARENT, b"00-%b-%b-%b" % (trace, span, flags)), (XRAY, xray)]
