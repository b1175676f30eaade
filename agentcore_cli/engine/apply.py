"""A plan, step by step: what is independent runs in parallel, and every step is written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final

from agentcore_cli.engine.difference import Facts, conceal, digest
from agentcore_cli.engine.journal import Journal, JournalRecord
from agentcore_cli.engine.order import Task, tasks
from agentcore_cli.engine.plan import Action, Plan, PlannedStep, compare
from agentcore_cli.engine.resource import Desired, Found, Preparing, WorkStopped
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Listener, Note, Step

_WAKE_SECONDS: Final = 0.5  # a signal that arrives just before Python blocks on a lock is not seen until it wakes up


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each resource is now, and how long its step took, by key. A step with nothing to do is not timed."""

    outputs: Mapping[str, Facts]
    seconds: Mapping[str, float]


def apply(plan: Plan, journal: Journal, listener: Listener) -> Outcome:
    """Carry the plan out. Raises the first error of a step, when every step under way has ended; the journal is true.

    On Ctrl-C the steps under way stop at their next pause, and the listener hears what exists before KeyboardInterrupt
    goes on.
    """
    application = _Application(plan, journal, listener)
    try:
        application.run()
    except KeyboardInterrupt:
        there = [c.key for c in plan.changes if (record := journal.recorded(c.key)) and record.outputs]
        listener(Note(f"there by now: {', '.join(there)}" if there else "nothing was made", "warning"))
        raise
    return Outcome(application.outputs, application.seconds)


@dataclass(frozen=True, slots=True)
class _StepAtWork:
    """The `Work` that a resource is given."""

    key: str
    desired: Facts
    found: Found | None
    changed: Collection[str]
    token: str
    journal: Journal
    listener: Listener
    stop: threading.Event

    def tell(self, message: str) -> None:
        self.listener(Step(self.key, "progress", message))

    def show(self, line: str) -> None:
        self.listener(Step(self.key, "output", line))

    def pause(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise WorkStopped

    def stopping(self) -> bool:
        return self.stop.is_set()

    def save(self, outputs: Facts) -> None:
        self.journal.save(self.key, outputs)


class _Application:
    """One run through a plan."""

    def __init__(self, plan: Plan, journal: Journal, listener: Listener) -> None:
        self._plan = plan
        self._journal = journal
        self._listener = listener
        self._stop = threading.Event()
        self._prepared: dict[str, float] = {}  # steps between their two halves, with the seconds of the first
        self.outputs: dict[str, Facts] = {}
        self.seconds: dict[str, float] = {}

    def run(self) -> None:
        waiting = tasks(self._plan)
        running: dict[Future[None], Task] = {}
        through: set[str] = set()
        try:
            with ThreadPoolExecutor(max(len(waiting), 1)) as threads:
                try:
                    while waiting or running:
                        ready = [task for task in waiting if task.awaited <= through]
                        waiting = [task for task in waiting if not task.awaited <= through]
                        running |= {threads.submit(self._run_task, task): task for task in ready}
                        for future in wait(running, _WAKE_SECONDS, FIRST_COMPLETED).done:
                            through.add(running.pop(future).name)
                            future.result()
                except BaseException:
                    self._stop.set()
                    raise
        finally:
            for key, seconds in self._prepared.items():
                self._listener(Step(key, "failed", "not gone on with", seconds))

    def _run_task(self, task: Task) -> None:
        if self._stop.is_set():
            raise WorkStopped
        step, key, change = task.step, task.step.change.key, task.step.change
        if change.action is Action.KEEP:
            self._keep(step)
            self._listener(Step(key, "skipped", change.reason))
            return
        before = self._prepared.pop(key, None)
        if before is None:
            self._listener(Step(key, "started", f"{change.action}: {change.reason}"))
        seconds = self._timed(task, before or 0.0)
        if task.prepares:
            self._prepared[key] = seconds
            return
        self.seconds[key] = seconds
        self._listener(Step(key, "done", change.action.value, seconds))

    def _timed(self, task: Task, before: float) -> float:
        """Do the work; gives its seconds, with those of the half `before` it. Tells of a failure."""
        started = time.monotonic()
        try:
            self._work(task)
        except BaseException as error:
            failure = "interrupted" if isinstance(error, WorkStopped) else str(error)
            self._listener(Step(task.step.change.key, "failed", failure, before + time.monotonic() - started))
            raise
        return before + time.monotonic() - started

    def _work(self, task: Task) -> None:
        if task.prepares:
            self._prepare(task.step)
        elif task.step.change.action is Action.DELETE:
            self._delete(task.step)
        elif task.step.change.action is Action.FORGET:
            self._journal.forget(task.step.change.key)
        else:
            self._make(task.step)

    def _prepare(self, step: PlannedStep) -> None:
        assert isinstance(step.resource, Preparing)
        changed = {field.name for field in step.change.fields}
        step.resource.prepare(self._at_work(step.change.key, step.desired, step.found, changed, ""))

    def _keep(self, step: PlannedStep) -> None:
        assert step.found, "what is kept was found"
        self._finish(step, self._desired(step, step.found), step.found)

    def _make(self, step: PlannedStep) -> None:
        """Create, update, replace or adopt; against what the dependencies have become by now."""
        found = step.found
        desired = self._desired(step, found)
        if step.change.action is Action.REPLACE and found:
            step.resource.destroy(found, self._begin(step, desired.facts, found))
            found = None
        if found is None:
            found = step.resource.apply(self._begin(step, desired.facts, None))
        elif fields := compare(step.resource, found, desired):
            changed = {field.name for field in fields}
            found = step.resource.apply(self._begin(step, desired.facts, found, changed))
        self._finish(step, desired, found)

    def _delete(self, step: PlannedStep) -> None:
        key = step.change.key
        if step.found:
            step.resource.destroy(step.found, self._at_work(key, {}, step.found, (), ""))
        self._journal.forget(key)
        left = step.resource.read(None)
        if left and not left.refusal and not left.supplied:
            raise AgentcoreError(f"{key}: still there after it was deleted", hint="run the same command again")

    def _desired(self, step: PlannedStep, found: Found | None) -> Desired:
        desired = step.resource.desired(self.outputs, found)
        assert desired, f"{step.change.key} was wanted when the plan was made"
        return desired

    def _begin(
        self, step: PlannedStep, desired: Facts, found: Found | None, changed: Collection[str] = ()
    ) -> _StepAtWork:
        """Write the intent down and hand out the step."""
        facts = conceal(desired, step.resource.sensitive)
        token = self._journal.intend(step.change.key, facts, digest(facts))
        return self._at_work(step.change.key, desired, found, changed, token)

    def _at_work(
        self, key: str, desired: Facts, found: Found | None, changed: Collection[str], token: str
    ) -> _StepAtWork:
        return _StepAtWork(key, desired, found, changed, token, self._journal, self._listener, self._stop)

    def _finish(self, step: PlannedStep, desired: Desired, found: Found) -> None:
        """Write down what is there now, unless that is known already."""
        facts = conceal(desired.facts, step.resource.sensitive)
        if not found.supplied and self._journal.recorded(step.change.key) != JournalRecord(found.outputs, facts):
            self._journal.done(step.change.key, found.outputs, facts)
        self.outputs[step.change.key] = found.outputs
