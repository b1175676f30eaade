"""The agent runtime: created, updated by a full PUT, done only when DEFAULT answers with the new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from agentcore_cli.aws.runtimes import EndpointDescription, RuntimeControl, RuntimeDescription
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.engine import Desired, FieldChange, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError, InputError, NotFoundError
from agentcore_cli.launcher.references import VARIABLE
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.iam import secret_references
from agentcore_cli.resources.ownership import change_tags, tags_of_people, taken
from agentcore_cli.resources.rollout import MOVING, READY, Rollout, raise_if_failed, status_of
from agentcore_cli.resources.runtime_spec import RuntimeSpec
from agentcore_cli.resources.wait_options import WaitOptions

MMDS_V2: Final[dict[str, Any]] = {"metadataConfiguration": {"requireMMDSV2": True}}
ROLLED_BACK_TO: Final = "rolled_back_to"
STARTED: Final = "started"  # the version that a deploy has seen starting
_BEYOND_REPAIR: Final = frozenset({"CREATE_FAILED", "DELETE_FAILED", "DELETING"})
_OUTSIDE_A_VERSION: Final = frozenset({"tags", "status"})


@dataclass(frozen=True, slots=True)
class Runtime:
    key: str
    spec: RuntimeSpec
    client: RuntimeControl
    wait_options: WaitOptions = field(default_factory=WaitOptions)
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset({"environment", "given_environment"})

    @property
    def rollout(self) -> Rollout:
        return Rollout(self.spec.name, self.client, self.wait_options)

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        if self.spec.supplied_id:
            _check_supplied(self.spec.supplied_id, found)
        given = self._given(found)
        memory = self.spec.memory(outputs) if self.spec.memory else {}
        environment = {**memory, **self.spec.environment}
        facts = runtime_facts.facts_of_config(self.spec.agent) | {
            "artifact": dict(self.spec.artifact(outputs)),
            "role": self.spec.role(outputs),
            "environment": {name: value for name, value in environment.items() if name not in given},
            "given_environment": given,
            "secrets": self._secrets(given),
            "tags": self._wanted_tags(found),
            "status": READY,
        }
        return Desired(facts, _lasting(found))

    def read(self, recorded: JournalRecord | None) -> Found | None:
        runtime_id = self.spec.supplied_id or (recorded.outputs.get("id") if recorded else None)
        by_id = self.client.get(runtime_id) if runtime_id else None
        answer = by_id if by_id or self.spec.supplied_id else self.client.find(self.spec.name)
        if answer is None:
            return None
        try:
            tags = self._tags(answer, recorded if by_id else None)
        except NotFoundError:  # a deletion that was under way has ended between the two looks
            return None
        what = f"runtime {answer.name} ({answer.id})"
        refusal = self.spec.owner.refusal(what, tags, recorded=by_id is not None)
        endpoint = self.client.endpoint(answer.id, DEFAULT_ENDPOINT)
        outputs = outputs_of(answer) | known_of(recorded, answer.version)
        return Found(self.facts(answer, endpoint, tags), outputs, answer.arn, refusal, _why(outputs))

    def replaces(self, change: FieldChange) -> bool:
        return change.name == "status" and change.old in _BEYOND_REPAIR

    def apply(self, work: Work) -> Found:
        if work.found is None:
            return self._create(work)
        runtime_id = work.found.outputs["id"]
        change_tags(self.client, work.found.outputs["arn"], work.found.facts["tags"], work.desired["tags"])
        if not (set(work.changed) - _OUTSIDE_A_VERSION or work.found.facts["status"] == "UPDATE_FAILED"):
            return self._settled(work, runtime_id, work.found.outputs["version"])
        if work.found.facts["status"] in MOVING:
            self.rollout.rest(work, runtime_id)
        self._keep_image(work, runtime_id)
        return self._update(work, runtime_id, work.token)

    def destroy(self, found: Found, work: Work) -> None:
        """Delete its named endpoints, then the runtime with all its versions, and wait until each is gone.

        AgentCore deletes nothing while a change of it is under way: that is waited for first.
        """
        runtime_id = found.outputs["id"]
        if found.facts["status"] != "DELETING":
            self.rollout.wait(work, "the change that is under way has ended", lambda: not self._is_moving(runtime_id))
            for endpoint in self._named_endpoints(runtime_id):
                if endpoint.status != "DELETING":
                    self.client.delete_endpoint(runtime_id, endpoint.name)
            self.rollout.wait(work, "its endpoints are gone", lambda: self._are_endpoints_gone(runtime_id))
            self.client.delete(runtime_id)
        self.rollout.wait(work, "it is gone", lambda: self._is_gone(runtime_id))

    def _keep_image(self, work: Work, runtime_id: str | None) -> None:
        if image := work.desired["artifact"].get("image"):
            self.spec.keeps(image, runtime_id)

    def _create(self, work: Work) -> Found:
        self._keep_image(work, None)
        identity = {"agentRuntimeName": self.spec.name, "tags": work.desired["tags"], "clientToken": work.token}
        body = self._body(work.desired) | identity
        self.spec.foresees(None, body)
        try:
            made = self.rollout.put(work, self.client.create, body)
        except ConflictError as error:
            raise taken("runtime", self.spec.name, self.read(None), error) from error
        work.save(outputs_of(made))
        found = self._settled(work, made.id, made.version)
        if self.wait_options.wait and not found.facts["mmds_v2"]:
            # Create has no such setting, and a runtime without it is reported not to answer
            return self._update(work, made.id, f"{work.token}-mmds")
        return found

    def _update(self, work: Work, runtime_id: str, token: str) -> Found:
        current = self.client.get(runtime_id)
        body = runtime_facts.with_unmanaged(self._body(work.desired), current.settings if current else {})
        identity = {"agentRuntimeId": runtime_id, "clientToken": token}
        whole = body | MMDS_V2 | identity
        self.spec.foresees(runtime_id, whole)
        made = self.rollout.put(work, self.client.update, whole)
        work.save(outputs_of(made))
        return self._settled(work, made.id, made.version)

    def _settled(self, work: Work, runtime_id: str, version: str) -> Found:
        answer, endpoint = self.rollout.settled(work, runtime_id, version)
        return Found(self.facts(answer, endpoint, work.desired["tags"]), outputs_of(answer), answer.arn)

    def _is_gone(self, runtime_id: str) -> bool:
        answer = self.client.get(runtime_id)
        if answer and answer.status == "DELETE_FAILED":
            raise_if_failed(f"runtime {answer.name}", answer)
        return answer is None

    def _is_moving(self, runtime_id: str) -> bool:
        answer = self.client.get(runtime_id)
        statuses = {endpoint.status for endpoint in self.client.endpoints(runtime_id)}
        return not MOVING.isdisjoint(statuses | ({answer.status} if answer else set()))

    def _are_endpoints_gone(self, runtime_id: str) -> bool:
        left = self._named_endpoints(runtime_id)
        for endpoint in left:
            if endpoint.status == "DELETE_FAILED":
                told = self.client.endpoint(runtime_id, endpoint.name) or endpoint  # the list gives no reasons
                raise_if_failed(f"endpoint {endpoint.name} of runtime {self.spec.name}", told)
        return not left

    def _named_endpoints(self, runtime_id: str) -> list[EndpointDescription]:
        return [endpoint for endpoint in self.client.endpoints(runtime_id) if endpoint.name != DEFAULT_ENDPOINT]

    def _wanted_tags(self, found: Found | None) -> dict[str, str]:
        if self.spec.supplied_id:
            return {**(found.facts["tags"] if found else {}), **self.spec.agent.tags}
        return {**self.spec.agent.tags, **self.spec.owner.tags}

    def _tags(self, answer: RuntimeDescription, recorded: JournalRecord | None) -> Mapping[str, str]:
        if self.spec.believes_tags and recorded and "tags" in recorded.facts:
            believed: Mapping[str, str] = recorded.facts["tags"]
            return believed
        return self.client.tags(answer.arn)

    def facts(
        self, answer: RuntimeDescription, endpoint: EndpointDescription | None, tags: Mapping[str, str]
    ) -> dict[str, Any]:
        live = dict(answer.settings.get("environmentVariables", {}))
        references = live.pop(VARIABLE, None)
        given = {name: value for name, value in live.items() if self._was_given(name)}
        return runtime_facts.facts_of_answer(answer.settings) | {
            "environment": {name: value for name, value in live.items() if name not in given},
            "given_environment": given,
            "secrets": secret_references.fact(references, self.spec.region),
            "tags": tags_of_people(tags),
            "status": status_of(answer, endpoint),
        }

    def _was_given(self, name: str) -> bool:
        """Whether a variable came from `--env`; without a record, whatever the config does not name."""
        if self.spec.given_before is None:
            return name not in self.spec.named
        return name in self.spec.given_before or name in self.spec.given

    def _secrets(self, given: Mapping[str, str]) -> dict[str, str] | None:
        said = {*self.spec.environment, *given}
        fetched = {name: source for name, source in self.spec.secrets.items() if name not in said}
        secret_references.variables(fetched, self.spec.region)  # more than fit are refused before anything is made
        return fetched or None

    def _body(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        references = secret_references.variables(facts["secrets"] or {}, self.spec.region)
        return runtime_facts.body_of(facts, {**facts["environment"], **facts["given_environment"], **references})

    def _given(self, found: Found | None) -> dict[str, str]:
        """The variables of `--env`, this deploy's and those of earlier ones that the config has not taken over.

        Raises InputError for one whose value went away with the runtime that held it.
        """
        there: Mapping[str, str] = found.facts["given_environment"] if found else {}
        lost = (self.spec.given_before or frozenset()) - {*there, *self.spec.given, *self.spec.named}
        if lost:
            first = min(lost)
            raise InputError(
                f"the value of {', '.join(sorted(lost))}, given with --env to an earlier deploy, is not there any more",
                hint=f"give it again, --env {first}=VALUE, or forget it, --env {first}=",
            )
        kept = {name: value for name, value in there.items() if name not in self.spec.named}
        return {name: value for name, value in (kept | dict(self.spec.given)).items() if value}


def _check_supplied(runtime_id: str, found: Found | None) -> None:
    """One that the config names is somebody else's, so that it is never made anew in place of theirs."""
    hint = "take `runtime` out of the config to have one made"
    if found is None:
        raise NotFoundError(f"runtime {runtime_id}: the config names it, and it is not there", hint=hint)
    if (status := found.facts["status"]) in _BEYOND_REPAIR:
        raise ConflictError(
            f"runtime {runtime_id}: {status}: it would have to be made anew, and whoever made it alone may delete it",
            hint=hint,
        )


def _lasting(found: Found | None) -> dict[str, str]:
    """What an update leaves as it is; one that is made anew has another id."""
    if found is None or found.facts["status"] in _BEYOND_REPAIR:
        return {}
    return {name: found.outputs[name] for name in ("arn", "id")}


def outputs_of(answer: RuntimeDescription) -> dict[str, str]:
    where = {"arn": answer.arn, "id": answer.id, "version": answer.version, "endpoint": DEFAULT_ENDPOINT}
    if not answer.settings:
        return where
    artifact = runtime_facts.facts_of_answer(answer.settings)["artifact"]
    return where | {"artifact": artifact.get("image") or PurePosixPath(artifact["code"]).stem}


def known_of(recorded: JournalRecord | None, version: str) -> dict[str, str]:
    """The outputs that AgentCore can't tell: which version a rollback made `version` from, whether it has started."""
    there = recorded.outputs if recorded and recorded.outputs.get("version") == version else {}
    return {name: there[name] for name in (ROLLED_BACK_TO, STARTED) if name in there}


def _why(outputs: Mapping[str, str]) -> str:
    earlier = outputs.get(ROLLED_BACK_TO)
    return f"rolled back to version {earlier}; a deploy goes forward again" if earlier else ""
