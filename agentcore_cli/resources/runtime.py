"""The agent runtime: created, updated by a full PUT, done only when DEFAULT answers with the new version."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from agentcore_cli.aws.runtimes import Endpoint, Runtimes
from agentcore_cli.aws.runtimes import Runtime as Answer
from agentcore_cli.config import Agent
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.engine import Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError, StillInProgressError
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.ownership import Owner

READY: Final = "READY"
_FIRST_PAUSE: Final = 0.02  # seconds; the local runtime is ready within tens of milliseconds
_LONGEST_PAUSE: Final = 2.0
_BEYOND_REPAIR: Final = frozenset({"CREATE_FAILED", "DELETE_FAILED", "DELETING"})
_OUTSIDE_A_VERSION: Final = frozenset({"tags", "status"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the config and the command line want of a runtime.

    `given` are the variables of this deploy's `--env`, an empty one to be forgotten; `given_before` are the names of
    those that earlier deploys were given, None without a record. `artifact` makes that fact from what was built.
    """

    name: str
    owner: Owner
    agent: Agent
    role: str
    artifact: Callable[[Outputs], Mapping[str, Any]]
    environment: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    given_before: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Whether to wait until it is ready, and for how many seconds."""

    wait: bool = True
    seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Runtime:
    key: str
    wish: Wish
    door: Runtimes
    patience: Patience = field(default_factory=Patience)
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset({"environment", "given_environment"})

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        given = self._given(found)
        facts = runtime_facts.facts_of_config(self.wish.agent) | {
            "artifact": dict(self.wish.artifact(outputs)),
            "role": self.wish.role,
            "environment": {name: value for name, value in self.wish.environment.items() if name not in given},
            "given_environment": given,
            "tags": {**self.wish.agent.tags, **self.wish.owner.tags},
            "status": READY,
        }
        return Desired(facts)

    def read(self, recorded: Record | None) -> Found | None:
        runtime_id = recorded.outputs.get("id") if recorded else None
        by_id = self.door.get(runtime_id) if runtime_id else None
        answer = by_id or self.door.find(self.wish.name)
        if answer is None:
            return None
        tags = self.door.tags(answer.arn)
        what = f"runtime {answer.name} ({answer.id})"
        refusal = self.wish.owner.refusal(what, tags, recorded=by_id is not None)
        return Found(self._facts(answer, tags), _outputs(answer), answer.arn, refusal)

    def replaces(self, change: FieldChange) -> bool:
        return change.name == "status" and change.old in _BEYOND_REPAIR

    def apply(self, work: Work) -> Found:
        if work.found is None:
            return self._create(work)
        if "tags" in work.changed:
            self._change_tags(work.found, work.desired["tags"])
        if set(work.changed) - _OUTSIDE_A_VERSION or work.found.facts["status"] == "UPDATE_FAILED":
            return self._update(work, work.found.outputs["id"], work.token)
        return self._settled(work, work.found.outputs["id"], work.found.outputs["version"])

    def destroy(self, found: Found, work: Work) -> None:
        """Delete its named endpoints, then the runtime with all its versions, and wait until each is gone."""
        runtime_id = found.outputs["id"]
        if found.facts["status"] != "DELETING":
            for endpoint in self._named_endpoints(runtime_id):
                self.door.delete_endpoint(runtime_id, endpoint.name)
            self._wait(work, "its endpoints are gone", lambda: not self._named_endpoints(runtime_id))
            self.door.delete(runtime_id)
        self._wait(work, "it is gone", lambda: self._is_gone(runtime_id))

    def _create(self, work: Work) -> Found:
        identity = {"agentRuntimeName": self.wish.name, "tags": work.desired["tags"], "clientToken": work.token}
        try:
            made = self.door.create(_body(work.desired) | identity)
        except ConflictError as error:
            other = self.read(None)  # somebody else was faster, or the list did not show it yet
            raise (other.refusal if other and other.refusal else error) from error
        work.save(_outputs(made))
        found = self._settled(work, made.id, made.version)
        if self.patience.wait and not found.facts["mmds_v2"]:
            # Create has no such setting, and a runtime without it is reported not to answer
            return self._update(work, made.id, f"{work.token}-mmds")
        return found

    def _update(self, work: Work, runtime_id: str, token: str) -> Found:
        current = self.door.get(runtime_id)
        kept = runtime_facts.unmanaged(current.settings) if current else {}
        identity = {"agentRuntimeId": runtime_id, "clientToken": token}
        metadata = {"metadataConfiguration": {"requireMMDSV2": True}}
        made = self.door.update(kept | _body(work.desired) | metadata | identity)
        work.save(_outputs(made))
        return self._settled(work, made.id, made.version)

    def _change_tags(self, found: Found, wanted: Mapping[str, str]) -> None:
        self.door.tag(found.outputs["arn"], wanted)
        if surplus := found.facts["tags"].keys() - wanted.keys():
            self.door.untag(found.outputs["arn"], surplus)

    def _settled(self, work: Work, runtime_id: str, version: str) -> Found:
        """What is there when the version is live on DEFAULT; with --no-wait, what is there now."""
        if self.patience.wait:
            self._wait(work, f"version {version} is live", lambda: self._is_live(runtime_id, version))
        answer = self.door.get(runtime_id)
        if answer is None:
            raise AgentcoreError(f"runtime {runtime_id}: deleted by somebody else meanwhile", hint="deploy again")
        return Found(self._facts(answer, work.desired["tags"]), _outputs(answer), answer.arn)

    def _wait(self, work: Work, what: str, is_so: Callable[[], bool]) -> None:
        """Look again and again until it is so. Raises StillInProgressError when patience ends."""
        deadline, pause = time.monotonic() + self.patience.seconds, _FIRST_PAUSE
        while not is_so():
            if time.monotonic() > deadline:
                raise StillInProgressError(
                    f"runtime {self.wish.name}: after {self.patience.seconds:g} s it is not yet so that {what}",
                    hint="agentcore status",
                )
            if pause == _LONGEST_PAUSE:
                work.tell(f"waiting until {what}")
            work.pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _is_live(self, runtime_id: str, version: str) -> bool:
        answer = self.door.get(runtime_id)
        if answer is None:
            return True  # whoever reads it next says so
        endpoint = self.door.endpoint(runtime_id, DEFAULT_ENDPOINT)
        _raise_if_failed(f"runtime {answer.name} version {answer.version}", answer)
        if endpoint:
            _raise_if_failed(f"endpoint {endpoint.name} of runtime {answer.name}", endpoint)
        return _status(answer, endpoint) == READY and int(answer.version) >= int(version)

    def _is_gone(self, runtime_id: str) -> bool:
        answer = self.door.get(runtime_id)
        if answer and answer.status == "DELETE_FAILED":
            _raise_if_failed(f"runtime {answer.name}", answer)
        return answer is None

    def _named_endpoints(self, runtime_id: str) -> list[Endpoint]:
        return [endpoint for endpoint in self.door.endpoints(runtime_id) if endpoint.name != DEFAULT_ENDPOINT]

    def _facts(self, answer: Answer, tags: Mapping[str, str]) -> dict[str, Any]:
        live: dict[str, str] = answer.settings.get("environmentVariables", {})
        given = {name: value for name, value in live.items() if self._was_given(name)}
        return runtime_facts.facts_of_answer(answer.settings) | {
            "environment": {name: value for name, value in live.items() if name not in given},
            "given_environment": given,
            "tags": dict(tags),
            "status": _status(answer, self.door.endpoint(answer.id, DEFAULT_ENDPOINT)),
        }

    def _was_given(self, name: str) -> bool:
        """Whether a variable came from `--env`; without a record, whatever the config does not name."""
        if self.wish.given_before is None:
            return name not in self.wish.environment
        return name in self.wish.given_before or name in self.wish.given

    def _given(self, found: Found | None) -> dict[str, str]:
        """The variables of `--env`, this deploy's and those of earlier ones that the config has not taken over.

        Raises InputError for one whose value went away with the runtime that held it.
        """
        there: Mapping[str, str] = found.facts["given_environment"] if found else {}
        lost = (self.wish.given_before or frozenset()) - {*there, *self.wish.given, *self.wish.environment}
        if lost:
            first = min(lost)
            raise InputError(
                f"the value of {', '.join(sorted(lost))}, given with --env to an earlier deploy, is not there any more",
                hint=f"give it again, --env {first}=VALUE, or forget it, --env {first}=",
            )
        kept = {name: value for name, value in there.items() if name not in self.wish.environment}
        return {name: value for name, value in (kept | dict(self.wish.given)).items() if value}


def _body(facts: Mapping[str, Any]) -> dict[str, Any]:
    return runtime_facts.body_of(facts, {**facts["environment"], **facts["given_environment"]})


def _outputs(answer: Answer) -> dict[str, str]:
    where = {"arn": answer.arn, "id": answer.id, "version": answer.version, "endpoint": DEFAULT_ENDPOINT}
    if not answer.settings:
        return where
    artifact = runtime_facts.facts_of_answer(answer.settings)["artifact"]
    return where | {"artifact": artifact.get("image") or PurePosixPath(artifact["code"]).stem}


def _status(answer: Answer, endpoint: Endpoint | None) -> str:
    """READY only when DEFAULT answers with the runtime's newest version."""
    if answer.status != READY:
        return answer.status
    if endpoint is None or (endpoint.status == READY and endpoint.live_version != answer.version):
        return "UPDATING"
    return endpoint.status


def _raise_if_failed(what: str, answer: Answer | Endpoint) -> None:
    if answer.status.endswith("_FAILED"):
        raise AgentcoreError(f"{what}: {answer.status}: {answer.failure or 'the service gives no reason'}")
