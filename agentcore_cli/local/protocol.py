"""What the local server and its clients say to each other beside the service's own operations, and by `server.json`.

Both sides encode and decode these structs. A member that is added has a default, so that either side may be the older
one. `NUMBER` is raised only where that can't be: then a server that speaks another one has to make way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

import msgspec

from agentcore_cli import names
from agentcore_cli.local.faults import Fault

if TYPE_CHECKING:
    from agentcore_cli.signature import SigningKey

NUMBER: Final = 1


class ServerFile(msgspec.Struct, frozen=True):
    """A running server, as `server.json` says it. Requests to it are signed with its key; older ones have no secret.

    `started` is when its process began, in the system's own unit; `protocol` is 0 where servers told of none.
    """

    url: str
    host: str
    port: int
    pid: int
    access_key: str
    version: str
    secret_key: str = ""
    started: str | None = None
    protocol: int = 0

    @property
    def key(self) -> SigningKey:
        from agentcore_cli.signature import SigningKey

        return SigningKey(self.access_key, self.secret_key)

    def __repr__(self) -> str:
        return f"ServerFile({self.url!r}, pid={self.pid}, version={self.version!r})"


class ProtectionRecord(TypedDict):
    """One wall around the sessions: whether it stands, and why not, or what is less about it."""

    name: str
    active: bool
    reason: str


class MountRecord(TypedDict):
    """A folder or file of this machine that sessions see at its own path."""

    path: str
    writable: bool


class Health(msgspec.Struct, frozen=True):
    """`level` is how sessions are kept apart, `level_reason` why not better, "" if best; `time` is the server's."""

    version: str
    level: str
    level_reason: str
    runtimes: int
    sessions: int
    time: float
    faults: dict[str, int]
    protections: tuple[ProtectionRecord, ...] = ()
    mounts: tuple[MountRecord, ...] = ()


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One session, alive or ended, from the server to the table that is printed. Times are seconds since the epoch.

    `state` is the local runtime's word, or what the clock says of a session on AWS: "used lately", "maybe idled out",
    "outlived" (its maximum), "stopped" (by us). What only the local runtime knows is None on AWS, where nobody can ask.
    `sandbox_reason` says what kind of one, or why no better; `warnings` what goes well here and not on AWS;
    `storage_bytes` is what its storage holds, as far as is known.
    """

    name: str = ""  # that of the id, unless it is said
    runtime_arn: str | None = None
    session_id: str
    endpoint: str
    state: str
    started_at: float
    last_used_at: float
    invocations: int
    version: str | None = None
    sandbox: str | None = None
    sandbox_reason: str | None = None
    warm: bool | None = None
    cold_reason: str | None = None
    pid: int | None = None
    log: str | None = None
    ended_at: float | None = None
    end_reason: str | None = None
    warnings: tuple[str, ...] = ()
    storage_bytes: int | None = None

    def __post_init__(self) -> None:
        if not self.name:
            msgspec.structs.force_setattr(self, "name", names.name_of_session(self.session_id))


class SessionPage(msgspec.Struct, frozen=True):
    """Living sessions, then ended ones, newest first; `now` is the server's clock."""

    sessions: tuple[SessionRecord, ...]
    now: float


class StartRecord(msgspec.Struct, frozen=True):
    """A session whose agent does not serve yet: for how many seconds, and what it does instead, "" if not known."""

    session_id: str
    seconds: float
    seen: str = ""


class Starts(msgspec.Struct, frozen=True):
    """The sessions of a runtime that start, that of a deploy's trial too."""

    starts: tuple[StartRecord, ...]


class TraceRecord(msgspec.Struct, frozen=True):
    """One trace, as a list shows it; `number` grows with each new one. Times are seconds since the epoch.

    `dropped` spans had no room. Tokens are those of the models' spans.
    """

    trace_id: str
    number: int
    runtime_arn: str
    endpoint: str
    session_id: str
    started_at: float
    seconds: float
    spans: int
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tools: int = 0
    dropped: int = 0
    models: tuple[str, ...] = ()


class TracePage(msgspec.Struct, frozen=True):
    """Newest first; `lost` are exports and calls that could not be taken since the server started, by the reason."""

    traces: tuple[TraceRecord, ...]
    now: float
    lost: dict[str, int] = {}


class LogPiece(msgspec.Struct, frozen=True):
    """A part of a log file, and from which byte on the `next` begins.

    `is_start`: it is no continuation: what was before is gone, or was not asked for.
    """

    text: str
    next: int
    is_start: bool = False


class SessionVitals(msgspec.Struct, frozen=True):
    """How a session does. Seconds are those of the runtime's clock; while it works its idle time does not run.

    `health` is what its last ping said, "Unhealthy" when that failed, or its state where there is no ping yet. What its
    processes use is None where the system does not tell.
    """

    state: str
    health: str
    idle_left: float
    life_left: float
    memory_bytes: int | None = None
    cpu_seconds: float | None = None


class TurnRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call to a session. `at` is seconds since the epoch, `status` 0 while it is not answered.

    Of a payload and an answer the first `kept_bytes` are kept; `cut` says that more was said, or that it went since.
    """

    at: float
    payload: str
    answer: str
    trace_id: str
    status: int
    content_type: str
    request_id: str
    payload_bytes: int
    answer_bytes: int
    cut: bool
    kept_bytes: int


class SessionTranscript(msgspec.Struct, frozen=True):
    """The newest turns, oldest first."""

    turns: tuple[TurnRecord, ...]


class PageInvitation(msgspec.Struct, frozen=True):
    """The address that lets a browser in, once, within `seconds`: its fragment is the secret. `file` leads there."""

    url: str
    file: str
    seconds: float

    def __repr__(self) -> str:
        return "PageInvitation(...)"


class PageFacts(msgspec.Struct, frozen=True):
    """What the page is of, "local" or the name of a target, what its buttons `can` do, and where runtimes are."""

    target: str
    can: tuple[str, ...]
    regions: tuple[str, ...]
    version: str = ""


class Artifacts(msgspec.Struct, frozen=True):
    """The zips of the content store that the versions of all runtimes, in all regions, are made from."""

    code_keys: tuple[str, ...]


class AdvanceClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: float


class ClockTime(msgspec.Struct, frozen=True):
    time: float


class ArmFault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let the next `count` occasions of a fault fail."""

    fault: Fault
    count: int = 1


class ArmedFaults(msgspec.Struct, frozen=True):
    faults: dict[str, int]


class CredentialSource(msgspec.Struct, frozen=True):
    """Whose credentials: the deployer's environment, working directory, and a profile where one was named."""

    environment: dict[str, str]
    folder: str
    profile: str | None = None

    def __repr__(self) -> str:
        return f"Source(profile={self.profile!r})"


class PutCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For a runtime's sessions: AWS_* variables, what `source` leads to, and secrets.

    The ARN may lack the end that AgentCore gives to an id (`...:runtime/name`): they are there before the runtime is.
    """

    runtime_arn: str
    environment: dict[str, str]
    source: CredentialSource | None = None
    secrets: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"PutCredentials({self.runtime_arn!r}, ...)"


class ForeseeVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An UpdateAgentRuntime that is about to come: its `request`, and what is asked of it (`contract.MustStart`)."""

    runtime_id: str
    request: msgspec.Raw
    must_start: str


class Done(msgspec.Struct, frozen=True):
    """An answer that says nothing else."""
