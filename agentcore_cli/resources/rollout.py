"""A runtime's versions on their way: the call that makes one, and the wait until DEFAULT answers with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.runtimes import EndpointDescription, RoleUnusableError, RuntimeControl, RuntimeDescription
from agentcore_cli.contract import DEFAULT_ENDPOINT, DOES_NOT_START
from agentcore_cli.engine import Work
from agentcore_cli.errors import AgentcoreError, AgentFailedError
from agentcore_cli.resources.wait_options import WaitOptions
from agentcore_cli.waiting import Waiter

READY: Final = "READY"
MOVING: Final = frozenset({"CREATING", "UPDATING"})
_FIRST_ROLE_PAUSE: Final = 0.5
_LONGEST_ROLE_PAUSE: Final = 8.0
_ROLE_SECONDS: Final = 120.0  # IAM is mostly done within 15 s; Terraform waits for 2 minutes, too


@dataclass(frozen=True, slots=True)
class Rollout:
    """`name` is the runtime's."""

    name: str
    client: RuntimeControl
    wait_options: WaitOptions

    def put(
        self, work: Work, call: Callable[[Mapping[str, Any]], RuntimeDescription], body: Mapping[str, Any]
    ) -> RuntimeDescription:
        """Make the call; again, with the same token, while AgentCore can't use a role that IAM is still spreading."""
        waiter = Waiter(_FIRST_ROLE_PAUSE, _LONGEST_ROLE_PAUSE, jitter=True, sleep=work.pause)
        while True:
            try:
                return call(body)
            except RoleUnusableError as error:
                if waiter.is_over(min(_ROLE_SECONDS, self.wait_options.seconds)):
                    raise
                work.tell(f"waiting until the role can be used: {error.message}")
            waiter.pause()

    def settled(
        self, work: Work, runtime_id: str, version: str
    ) -> tuple[RuntimeDescription, EndpointDescription | None]:
        """What is there when the version is live on DEFAULT; with --no-wait, what is there now."""
        seen: list[tuple[RuntimeDescription, EndpointDescription | None]] = []

        def is_live() -> bool:
            seen[:] = [self._look(runtime_id)]
            return _is_live(*seen[0], version)

        if self.wait_options.wait:
            self.wait(work, f"version {version} is live", is_live)
        return seen[0] if seen else self._look(runtime_id)

    def rest(self, work: Work, runtime_id: str) -> None:
        """Wait until nothing is under way on it: till then AgentCore takes no other change."""

        def is_at_rest() -> bool:
            answer, endpoint = self._look(runtime_id)
            return answer.status not in MOVING and (endpoint is None or endpoint.status not in MOVING)

        self.wait(work, "the change that is under way has ended", is_at_rest)

    def wait(self, work: Work, what: str, is_so: Callable[[], bool]) -> None:
        self.wait_options.until(is_so, f"runtime {self.name}", what, pause=work.pause, tell=work.tell)

    def _look(self, runtime_id: str) -> tuple[RuntimeDescription, EndpointDescription | None]:
        answer = self.client.get(runtime_id)
        if answer is None:
            raise AgentcoreError(f"runtime {runtime_id}: deleted by somebody else meanwhile", hint="deploy again")
        is_ready = answer.status == READY or not self.wait_options.wait
        return answer, self.client.endpoint(runtime_id, DEFAULT_ENDPOINT) if is_ready else None


def status_of(answer: RuntimeDescription, endpoint: EndpointDescription | None) -> str:
    """READY only when DEFAULT answers with the runtime's newest version."""
    if answer.status != READY:
        return answer.status
    if endpoint is None or (endpoint.status == READY and endpoint.live_version != answer.version):
        return "UPDATING"
    return endpoint.status


def raise_if_failed(what: str, answer: RuntimeDescription | EndpointDescription) -> None:
    """Raises AgentFailedError (5) where its own code kept the version from starting, else AgentcoreError."""
    if not answer.status.endswith("_FAILED"):
        return
    failure = answer.failure or ""
    if failure.startswith(DOES_NOT_START):
        raise AgentFailedError(f"{what}: {failure}")
    raise AgentcoreError(
        f"{what}: {answer.status}: {failure or 'the service gives no reason'}",
        hint="mend what it says, then deploy again: what is there is changed or replaced",
    )


def _is_live(answer: RuntimeDescription, endpoint: EndpointDescription | None, version: str) -> bool:
    raise_if_failed(f"runtime {answer.name} version {answer.version}", answer)
    if endpoint:
        raise_if_failed(f"endpoint {endpoint.name} of runtime {answer.name}", endpoint)
    return status_of(answer, endpoint) == READY and int(answer.version) >= int(version)
