"""What the local runtime adds to a call of a session that is up: one connection, kept alive."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Caller
from tests.bench.stage import Stage, first_answer
from tests.bench.timing import medians


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """The same agent twice: behind the local runtime, and on its own TCP socket."""
    agent, session = stage.counter, str(uuid.uuid4())
    with agent.plain() as plain:
        first_answer(plain, agent.payload)
        with Caller(agent.local(session)) as through, Caller(plain) as direct:
            took = medians(
                {"through": lambda: through.post(agent.payload), "direct": lambda: direct.post(agent.payload)},
                effort.calls,
            )
    agent.stop(session)
    added = (took["through"] - took["direct"]) * 1000
    other = f"the agent's own socket {milliseconds(took['direct'])}"
    yield Figure("warm call, p50", milliseconds(took["through"]), other, added, "ms more", "at most", 1.5)
