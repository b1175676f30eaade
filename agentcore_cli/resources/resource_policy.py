"""The policy of the runtime itself: who else may call it, from a JSON file of the project.

AgentCore judges a call by the policies of both the runtime and the endpoint that is called (resource-based-policies,
developer guide), so a statement without `Resource` goes into both, that of the runtime and that of DEFAULT. One with a
`Resource` names one of the two by its exact ARN, as the service wants it. What is there is compared statement by
statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.contract import DEFAULT_ENDPOINT, RESOURCE_POLICY_MAX, endpoint_arn, runtime_arn
from agentcore_cli.engine import PENDING, Desired, FieldChange, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import InputError
from agentcore_cli.resources.iam import policy_document
from agentcore_cli.resources.iam.policy_document import Document

_POLICIES: Final = ("policy", "endpoint_policy")  # the facts: of the runtime, of its endpoint DEFAULT
_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_EXAMPLE: Final = (
    'it looks like {"Version": "2012-10-17", "Statement": [{"Sid": "Partners", "Effect": "Allow", '
    '"Principal": {"AWS": "arn:aws:iam::210987654321:root"}, "Action": "bedrock-agentcore:InvokeAgentRuntime"}]}'
)


@dataclass(frozen=True, slots=True)
class ResourcePolicySpec:
    """`file` holds the policy, None where the config names none any more. `takes_tokens`: callers show a JWT.

    `runtime` is the runtime's name, and `runtime_id` gives the id of our runtime, if it is there.
    """

    file: Path | None
    runtime: str
    account: str
    region: str
    runtime_id: Callable[[], str | None]
    takes_tokens: bool = False


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """Wanted while the config names a file, and removed when it no longer does."""

    spec: ResourcePolicySpec
    client: RuntimeControl
    key: str = keys.RESOURCE_POLICY
    depends_on: tuple[str, ...] = (keys.RUNTIME,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired | None:
        """Raises InputError for a file that is not a policy of this runtime, or too long a one."""
        if self.spec.file is None:
            return None
        arn: str = outputs[keys.RUNTIME]["arn"]
        policies = _split(self.spec.file, _read(self.spec), arn, self._longest_arn)
        return Desired({"runtime": arn, **{name: policy_document.facts(policy) for name, policy in policies.items()}})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        runtime_id = self.spec.runtime_id()
        arn = self._arn(runtime_id) if runtime_id else recorded.outputs.get("arn") if recorded else None
        if arn is None:
            return None
        policies = {name: self.client.policy(resource) for name, resource in _resources(arn).items()}
        if not any(policies.values()):
            return None
        facts = {name: policy_document.facts(policy) for name, policy in policies.items()}
        return Found({"runtime": arn, **facts}, {"arn": arn}, arn)

    def widens(self, change: FieldChange) -> bool:
        return change.name in _POLICIES and policy_document.widens(change)

    def apply(self, work: Work) -> Found:
        """Put each of the two that differs, and delete one that is to have no statement."""
        arn = work.desired["runtime"]
        there = work.found.facts if work.found and work.found.facts["runtime"] == arn else {}
        for name, resource in _resources(arn).items():
            wanted = work.desired[name]
            if wanted and wanted != there.get(name):
                self.client.put_policy(resource, policy_document.document(wanted))
            elif there.get(name) and not wanted:
                self.client.delete_policy(resource)
            work.save({"arn": arn})
        return Found(work.desired, {"arn": arn}, arn)

    def destroy(self, found: Found, work: Work) -> None:
        for resource in _resources(found.outputs["arn"]).values():
            self.client.delete_policy(resource)

    def _arn(self, runtime_id: str) -> str:
        return runtime_arn(self.spec.region, self.spec.account, runtime_id)

    @property
    def _longest_arn(self) -> str:
        """As long as the runtime's will be: AgentCore puts ten characters behind the name."""
        return self._arn(f"{self.spec.runtime}-{'0' * 10}")


def as_file(of_runtime: Document | None, of_endpoint: Document | None) -> dict[str, Any] | None:
    """What a file holds that stands for the policies of a runtime and its DEFAULT; None where there are none.

    What both say alike is said once, without a `Resource`.
    """
    runtime, endpoint = (policy_document.facts(policy) for policy in (of_runtime, of_endpoint))
    if not runtime and not endpoint:
        return None
    plain = [_without_resource(facts) for facts in (runtime, endpoint)]
    if plain[0] == plain[1]:
        return policy_document.document(plain[0])
    documents = [policy_document.document(facts) for facts in (runtime, endpoint) if facts]
    return {**documents[0], "Statement": [statement for it in documents for statement in it["Statement"]]}


def _without_resource(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if name == "Version" else {member: it for member, it in value.items() if member != "Resource"}
        for name, value in facts.items()
    }


def _resources(arn: str) -> dict[str, str]:
    """The ARNs that have a policy, by the names of their facts."""
    endpoint = PENDING if arn == PENDING else endpoint_arn(arn, DEFAULT_ENDPOINT)
    return dict(zip(_POLICIES, (arn, endpoint), strict=True))


def _read(spec: ResourcePolicySpec) -> Document:
    assert spec.file, "read only where there is one"
    document = policy_document.from_file(spec.file, keys.RESOURCE_POLICY, _EXAMPLE)
    if not isinstance(document, dict) or document.get("Version") not in _VERSIONS or not document.get("Statement"):
        raise _refusal(spec.file, "is not a policy with Version and Statement")
    for number, statement in enumerate(policy_document.statements(document), 1):
        for fault in _faults(statement, takes_tokens=spec.takes_tokens):
            raise _refusal(spec.file, f"statement {number}: {fault}")
    return document


def _faults(statement: Any, *, takes_tokens: bool) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "is not an object"
        return
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield "Effect must be Allow or Deny"
    for member in ("Action", "Principal"):
        if (member in statement) == (f"Not{member}" in statement):
            yield f"needs {member} (or Not{member})"
    if "NotResource" in statement:
        yield "NotResource is not for the policy of one resource"
    allows_named = statement.get("Effect") == "Allow" and statement.get("Principal") not in ("*", {"AWS": "*"})
    if takes_tokens and allows_named:
        yield 'callers with a token are no principals of IAM: with `authorizer` the Principal must be "*"'


def _split(file: Path, document: Document, arn: str, longest: str) -> dict[str, Document | None]:
    """The policy of each of the two, None without a statement. Raises InputError for one that does not fit."""
    resources, statements = _resources(arn), policy_document.statements(document)
    for statement in statements:
        if "Resource" in statement and statement["Resource"] not in resources.values():
            raise _refusal(
                file,
                f"the Resource {statement['Resource']} is neither the runtime nor its endpoint DEFAULT",
                "leave Resource out: a deploy writes the ARN of both",
            )
    policies: dict[str, Document | None] = {}
    for name, resource in resources.items():
        meant = [{**it, "Resource": resource} for it in statements if it.get("Resource", resource) == resource]
        _check(file, meant, _resources(longest)[name])
        policies[name] = {"Version": document["Version"], "Statement": meant} if meant else None
    return policies


def _check(file: Path, statements: list[dict[str, Any]], longest: str) -> None:
    names = [statement["Sid"] for statement in statements if "Sid" in statement]
    if twice := {name for name in names if names.count(name) > 1}:
        raise _refusal(file, f"the Sid {min(twice)} is there twice", "give each statement another")
    whole = {"Version": _VERSIONS[0], "Statement": [it | {"Resource": longest} for it in statements]}
    if (size := len(json.dumps(whole))) > RESOURCE_POLICY_MAX:
        raise _refusal(
            file,
            f"with its Resource the policy has {size} characters, and AgentCore takes {RESOURCE_POLICY_MAX}",
            "put what statements have in common into one",
        )


def _refusal(file: Path, what: str, hint: str = _EXAMPLE) -> InputError:
    return InputError(f"{keys.RESOURCE_POLICY}: {file.name}: {what}", hint=hint)
