"""A new session's first answer against that of a new interpreter: how many times sooner it is there."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Caller
from tests.bench.stage import BenchedAgent, Stage, first_answer
from tests.bench.timing import interleaved, seconds


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Two agents: one that only imports Strands, one of AWS's tutorials as it is written."""
    yield _compared("new session, SDK + import strands", stage.counter, effort, mark=30)
    yield _compared("new session, AWS's tutorial agent", stage.tutorial, effort, mark=8)


def _compared(name: str, agent: BenchedAgent, effort: Effort, mark: float) -> Figure:
    took = interleaved(
        {"session": lambda: _new_session(agent), "interpreter": lambda: _new_interpreter(agent)},
        effort.rounds,
    )
    other = f"new interpreter {milliseconds(took['interpreter'])}"
    ratio = took["interpreter"] / took["session"]
    return Figure(name, milliseconds(took["session"]), other, ratio, "times faster", "at least", mark)


def _new_session(agent: BenchedAgent) -> float:
    session = str(uuid.uuid4())
    with Caller(agent.local(session)) as caller:
        took = seconds(lambda: caller.post(agent.payload))
    agent.stop(session)
    return took


def _new_interpreter(agent: BenchedAgent) -> float:
    start = time.perf_counter()
    with agent.plain() as address:
        first_answer(address, agent.payload)
        return time.perf_counter() - start
