"""The last step of a deploy: a throw-away session of the new version. READY promises that it may be called, no more.

The local runtime starts one by itself before DEFAULT leads to the version (`wiring.locator`). On AWS nothing does, so
a command (`true`) starts one there without calling the agent's code. With `smoke: {payload: …}` in the config the agent
is invoked instead, everywhere. Source: runtime-execute-command; runtime-sessions.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli import names
from agentcore_cli.aws.commands import Ended, read
from agentcore_cli.aws.data_plane import AgentCall, DataPlane
from agentcore_cli.contract import DEFAULT_ENDPOINT, INITIALIZATION_SECONDS
from agentcore_cli.engine import Facts
from agentcore_cli.errors import AgentFailedError, CredentialsError, NotFoundError, StillInProgressError
from agentcore_cli.events import Listener, Note, Step
from agentcore_cli.keys import RUNTIME
from agentcore_cli.operations.deploy.plan import Workplace
from agentcore_cli.operations.destination import Destination
from agentcore_cli.operations.invoke.exchanges import Exchange
from agentcore_cli.operations.invoke.failures import explain
from agentcore_cli.operations.selection import Selected

STEP: Final = "start"
_SPARE_SECONDS: Final = 30.0  # for the way there and back, and for an agent that answers slowly
_COMMAND: Final = json.dumps({"command": "true", "timeout": 60}).encode()
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


@dataclass(frozen=True, slots=True)
class Smoke:
    """`bearer` is a caller's token, for agents that let nobody else in."""

    selected: Selected
    listener: Listener
    bearer: str | None = field(default=None, repr=False)

    def is_due(self, runtime: Facts, proven: str | None) -> bool:
        """Whether there is anything to find out: `proven` is the version that was seen to start."""
        if proven == runtime["version"]:
            return False
        return not self.selected.is_local or self.selected.agent.smoke is not None

    def run(self, runtime: Facts) -> float | None:
        """Start a session of what DEFAULT leads to and stop it; gives its seconds, None where it can't be done.

        Raises AgentFailedError (5) with the last lines of its log for a version that does not start or does not answer.
        """
        if self.selected.agent.authorizer is not None and self.bearer is None:
            self._warn(runtime, "only callers with a token get in: give it in AGENTCORE_BEARER_TOKEN")
            return None
        self.listener(Step(STEP, "started", f"a session of version {runtime['version']}"))
        began = time.monotonic()
        try:
            self._try(runtime)
        except CredentialsError as error:
            self.listener(Step(STEP, "skipped", "not tried", time.monotonic() - began))
            self._warn(runtime, f"{error.message}{f' ({error.hint})' if error.hint else ''}")
            return None
        except Exception as error:
            self.listener(Step(STEP, "failed", str(error), time.monotonic() - began))
            raise
        seconds = time.monotonic() - began
        self.listener(Step(STEP, "done", "started, and stopped again", seconds))
        return seconds

    def _try(self, runtime: Facts) -> None:
        there = Destination(
            runtime["arn"], DEFAULT_ENDPOINT, self.selected.target, self.selected.is_local, self.selected
        )
        session = names.new_session_id()
        plane = there.plane(timeout=INITIALIZATION_SECONDS + _SPARE_SECONDS, bearer=self.bearer)
        exchange = Exchange(there, session, session, b"")
        try:
            self._call(plane, there, session)
        except AgentFailedError as error:
            explain(error, exchange, midway=there.is_local)
            error.message = f"version {runtime['version']} does not start: {error.message}"
            raise
        except StillInProgressError as error:
            seconds = INITIALIZATION_SECONDS + _SPARE_SECONDS
            raise AgentFailedError(f"version {runtime['version']} does not start within {seconds:g} s") from error
        finally:
            _stop(plane, there, session)

    def _call(self, plane: DataPlane, there: Destination, session: str) -> None:
        smoke = self.selected.agent.smoke
        if smoke is not None:
            body = json.dumps(smoke.payload).encode()
            call = AgentCall(there.arn, there.endpoint, session, body, dict(_JSON), is_fresh=there.is_fresh)
            for _ in plane.invoke(call).pieces():
                pass
            return
        call = AgentCall(there.arn, there.endpoint, session, _COMMAND, {}, is_fresh=there.is_fresh)
        for event in read(plane.command(call)):
            if isinstance(event, Ended) and event.timed_out:
                raise AgentFailedError("the command `true` did not come to its end")

    def _warn(self, runtime: Facts, why: str) -> None:
        message = f"not seen whether version {runtime['version']} starts: {why}"
        self.listener(Note(message, "warning"))


@contextmanager
def told_what_goes_on(place: Workplace) -> Iterator[None]:
    """While a version is made: one that the local runtime did not see starting is told with the one that goes on."""
    try:
        yield
    except AgentFailedError as error:
        recorded = place.journal.recorded(RUNTIME)
        endpoint = place.client.endpoint(recorded.outputs["id"], DEFAULT_ENDPOINT) if recorded else None
        if endpoint and endpoint.live_version:
            error.message += f"\nversion {endpoint.live_version} goes on answering"
        error.hint = f"mend the code, then {place.selected.command('deploy')}"
        raise


def _stop(plane: DataPlane, there: Destination, session: str) -> None:
    """End the session; one that never began, or that only its deployer may not end, ends by itself."""
    with suppress(NotFoundError, CredentialsError, AgentFailedError, StillInProgressError):
        plane.stop_session(there.arn, there.endpoint, session)
