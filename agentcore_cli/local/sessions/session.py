"""One session: the environment that a session id owns, the state it is in, and what it has done so far."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol

from agentcore_cli.local.clock import Moment
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.http import headers
from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.recorded_turn import RecordedTurn
from agentcore_cli.local.http.session_tokens import TokenGrant
from agentcore_cli.local.programs.sandboxes import AnyProcess, AnyProgram
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.local.sandbox import Level
from agentcore_cli.local.sessions.health_state import HealthState
from agentcore_cli.local.storage import Kept

State = Literal["provisioning", "active", "idle", "stopping", "stopped"]

_log = logging.getLogger(__name__)

_BUSY_UNTIMED: Final = (
    "its /ping says HealthyBusy without time_of_last_update: it lives here, but AWS was seen to end such sessions at "
    "the idle timeout; add the time, in seconds since the epoch, at which the status changed last"
)


class Activity(Protocol):
    """Something that a caller has under way in a session: an invocation, a command, a WebSocket connection.

    `begun` turns true when the answer has; `overdue` is set before it is cut because it took too long.
    """

    begun: bool
    overdue: bool

    def cut(self) -> None:
        """End it at once; it need not have ended when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What a session is found by: an id means nothing outside its runtime and endpoint."""

    runtime_id: str
    endpoint: str
    session_id: str


@dataclass(slots=True, eq=False)
class Session:
    """`version` is pinned: an update of the runtime does not reach a session that runs.

    `started`, `last_used` and `ended_at` are told; what is decided is decided by the clock's `awake`, which is also
    what `exchanges` and `next_check` hold.
    """

    key: SessionKey
    version: Resolved
    name: str  # of this start: unique, short, safe as a folder's name
    log: Path
    started: Moment
    vitals: HealthState
    is_trial: bool = False  # started to see whether the version starts; no list shows it; see `trials`
    state: State = "provisioning"
    seen_starting: str = ""  # what its agent does instead of serving, while it starts
    last_used: Moment = field(init=False)
    invocations: int = 0
    has_answered: bool = False
    program: AnyProgram | None = None
    process: AnyProcess | None = None
    pool: Pool | None = None
    exchanges: dict[Activity, float] = field(default_factory=dict)  # with the time each began
    conversations: set[Activity] = field(default_factory=set)
    custom_headers: frozenset[bytes] = frozenset()
    mcp_session: bytes | None = None  # the id that the agent gave to an MCP session of its own
    next_check: float = 0.0
    being_checked: bool = False
    drowsy: bool = False
    token: str = field(default="", repr=False)  # see `session_tokens`
    begun_by: str | None = None  # the runtime of the session that called for it, where one did
    lacks_credentials: str = ""  # why its SDK gets none, since it asked last
    turns: deque[RecordedTurn] | None = None  # see `transcripts`
    storage: Kept | None = None
    storage_bytes: int | None = None  # as it was looked at last
    ended_at: float | None = None
    end_reason: str | None = None
    doomed: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    quiet: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.last_used = self.started
        self.quiet.set()
        settings = self.version.settings
        self.custom_headers = headers.forwardable(settings.header_allowlist, jwt=settings.authorizer is not None)

    def begin(self, exchange: Activity, now: Moment) -> None:
        """A request has come: the session is active until it ends."""
        self.exchanges[exchange] = now.awake
        self.invocations += 1
        self.state = "active"
        self.quiet.clear()
        self.touch(now)

    def touch(self, now: Moment) -> None:
        """Somebody has used it: the idle time counts from here."""
        self.last_used = now
        self.wake()

    def wake(self) -> None:
        """Something will happen in it: its timers are punctual again."""
        if self.drowsy and self.process is not None:
            self.drowsy = False
            self.process.rouse()

    def rest(self) -> None:
        """The session has been idle for a while."""
        if not self.drowsy and self.process is not None:
            self.drowsy = True
            self.process.drowse()

    def end(self, exchange: Activity, now: Moment) -> None:
        """A request has ended: the idle time counts from here."""
        del self.exchanges[exchange]
        self.last_used = now
        if not self.exchanges:
            self.quiet.set()
        self.settle()

    def answered_well(self) -> None:
        """The agent has answered; at the first time the sandbox learns what it had to import for that."""
        if not self.has_answered and self.process is not None:
            self.has_answered = True
            self.process.answered()

    def cut(self) -> None:
        """End whatever callers have under way in it; what one of them raises keeps nothing else from its end."""
        ends = [it.cut for it in (*self.exchanges, *self.conversations)]
        for end in ends if self.pool is None else [self.pool.close, *ends]:
            try:
                end()
            except Exception:
                _log.exception("something of the session %s could not be cut", self.name)

    def settle(self) -> None:
        """Active or idle, by what runs in it and what its last ping said."""
        if self.state in ("active", "idle"):
            self.state = "active" if self.exchanges or self.vitals.busy else "idle"

    def tell_of_credentials(self, fault: str) -> None:
        """Remember why the session has none; "" when it has."""
        self.lacks_credentials = fault

    @property
    def grant(self) -> TokenGrant:
        """What its token says of it."""
        version = self.version
        told = self.tell_of_credentials
        return TokenGrant(version.runtime_id, version.runtime_arn, told, version.endpoint, self.key.session_id)

    def doom(self, reason: str) -> None:
        """Tell whoever starts the session that it is no longer wanted."""
        if not self.doomed.done():
            self.doomed.set_result(reason)

    @property
    def idle_since(self) -> float:
        """From when, by the clock's `awake`, the idle timeout counts: the last request's end, or when the agent was
        last no longer busy.
        """
        return max(self.last_used.awake, self.vitals.healthy_since)

    def identity(self) -> headers.HeaderList:
        """The headers that tell the session's id, to the agent and to the caller."""
        value = self.key.session_id.encode("latin-1")
        if self.version.settings.protocol == "MCP":
            return [(headers.SESSION, value), (headers.MCP_SESSION, value)]
        return [(headers.SESSION, value)]

    def identity_to_agent(self, *, starts_mcp: bool) -> headers.HeaderList:
        """The headers that tell the agent the session's id; an MCP agent's own id, where it has given one.

        With `starts_mcp` the agent may give one: an id that it did not give would only be refused.
        """
        if starts_mcp:
            return self.identity()[:1]
        if self.mcp_session is not None:
            return [*self.identity()[:1], (headers.MCP_SESSION, self.mcp_session)]
        return self.identity()

    def learn_mcp_session(self, answered: headers.HeaderList) -> None:
        """Remember the id that an MCP agent gives in its answer."""
        for name, value in answered:
            if name == headers.MCP_SESSION and value:
                self.mcp_session = value

    def warnings(self) -> list[str]:
        """What goes well here and not on AWS."""
        told = list(self.process.warnings) if self.process is not None else []
        return [_BUSY_UNTIMED, *told] if self.vitals.was_busy_untimed else told

    def record(self, level: Level) -> SessionRecord:
        """The session as `/_local/sessions` shows it."""
        return SessionRecord(
            runtime_arn=self.version.runtime_arn,
            session_id=self.key.session_id,
            endpoint=self.key.endpoint,
            version=self.version.version,
            state=self.state,
            started_at=self.started.now,
            last_used_at=self.last_used.now,
            invocations=self.invocations,
            pid=self.process.pid if self.process else None,
            warm=self.process is not None and self.process.warm,
            cold_reason=self.process.reason if self.process else "",
            sandbox=level.name,
            sandbox_reason=level.reason,
            log=str(self.log),
            ended_at=self.ended_at,
            end_reason=self.end_reason,
            warnings=tuple(self.warnings()),
            storage_bytes=self.storage_bytes,
        )
