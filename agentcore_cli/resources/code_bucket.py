"""The S3 bucket of an agent's zips, and of what CodeBuild builds from: ours, private, by TLS alone, with versions and
encryption.

Nothing in it expires: a version of the runtime names the object that it is made from, and a rollback makes another one
from the same. Only uploads that were never finished are cleared away, after a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.buckets import Bucket, Buckets
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import partition
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import DeniedError
from agentcore_cli.resources.iam import policy_document
from agentcore_cli.resources.ownership import Owner, made, tags_of_people

_OWNERSHIP: Final = "BucketOwnerEnforced"  # no access control lists: who writes an object does not own it
_ABORT_DAYS: Final = 1
_RULE: Final = "agentcore-unfinished-uploads"
_ONLY_TLS: Final = "AgentCoreOnlyTls"


@dataclass(frozen=True, slots=True)
class CodeBucketSpec:
    """The bucket of one agent on one target."""

    name: str
    region: str
    owner: Owner
    agent: AgentConfig

    @property
    def arn(self) -> str:
        return arn_of(self.name, self.region)


def arn_of(name: str, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{name}"


@dataclass(frozen=True, slots=True)
class CodeBucket:
    spec: CodeBucketSpec
    client: Buckets
    key: str = keys.BUCKET
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        agent = self.spec.agent
        facts = {
            "private": True,
            "versioned": True,
            "ownership": _OWNERSHIP,
            "encryption": _encryption("aws:kms" if agent.encryption_key else "AES256", agent.encryption_key),
            "policy": policy_document.facts(self._policy),
            "lifecycle": _lifecycle([_rule()]),
            "tags": {**agent.tags, **self.spec.owner.tags},
        }
        return Desired(facts, self._outputs)

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """Raises DeniedError too for a bucket that has the name and is another account's: S3 does not tell which."""
        try:
            there = self.client.get(self.spec.name)
        except DeniedError as error:
            error.message += f"; or the bucket of this name is not of account {self.client.account}"
            raise
        if there is None:
            return None
        is_recorded = recorded is not None and recorded.outputs.get("name") == self.spec.name
        refusal = self.spec.owner.refusal(f"S3 bucket {self.spec.name}", there.tags, recorded=is_recorded)
        return Found(_facts(there), self._outputs, self.spec.arn, refusal)

    def apply(self, work: Work) -> Found:
        found = work.found or self._create(work)
        changed = {key for key, value in work.desired.items() if found.facts[key] != value}
        for key in ("private", "ownership", "versioned", "encryption", "policy", "lifecycle", "tags"):
            if key in changed:
                self._set(key, work.desired)
        return Found(work.desired, self._outputs, self.spec.arn)

    def destroy(self, found: Found, work: Work) -> None:
        """Delete every version of every object, then the bucket."""
        if count := self.client.empty(self.spec.name):
            work.tell(f"deleted {count} object{'s' if count > 1 else ''} in it")
        self.client.delete(self.spec.name)

    def _create(self, work: Work) -> Found:
        def create() -> None:
            self.client.create(self.spec.name, self.spec.region, work.desired["tags"])

        there = made(f"S3 bucket {self.spec.name}", create, lambda: self.read(None))
        work.save(self._outputs)
        return there

    def _set(self, key: str, facts: Mapping[str, Any]) -> None:
        name = self.spec.name
        if key == "private":
            self.client.make_private(name)
        elif key == "ownership":
            self.client.set_ownership(name, facts["ownership"])
        elif key == "versioned":
            self.client.make_versioned(name)
        elif key == "encryption":
            self.client.set_encryption(name, facts["encryption"]["type"], facts["encryption"].get("key"))
        elif key == "policy":
            self.client.set_policy(name, policy_document.document(facts["policy"]))
        elif key == "lifecycle":
            self.client.set_lifecycle(name, [_rule()])
        elif key == "tags":
            self.client.set_tags(name, facts["tags"])

    @property
    def _outputs(self) -> dict[str, str]:
        return {"name": self.spec.name, "arn": self.spec.arn}

    @property
    def _policy(self) -> dict[str, Any]:
        """Nobody, whoever else lets them, comes by plain HTTP."""
        statement = {
            "Sid": _ONLY_TLS,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [self.spec.arn, f"{self.spec.arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}


def _facts(there: Bucket) -> dict[str, Any]:
    return {
        "private": there.private,
        "versioned": there.versioned,
        "ownership": there.ownership,
        "encryption": _encryption(there.encryption, there.key),
        "policy": policy_document.facts(there.policy),
        "lifecycle": _lifecycle(there.lifecycle),
        "tags": tags_of_people(there.tags),
    }


def _encryption(kind: str | None, key: str | None) -> dict[str, str | None]:
    return {"type": kind} | ({"key": key} if key else {})


def _rule() -> dict[str, Any]:
    return {
        "ID": _RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _ABORT_DAYS},
    }


def _lifecycle(rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rules do, by their names; one that is switched off does nothing."""
    told = {}
    for rule in rules:
        if rule.get("Status") == "Enabled":
            does = {key: value for key, value in rule.items() if key not in ("ID", "Status", "Filter", "Prefix")}
            told[rule.get("ID", "")] = {**does, **({"Filter": found} if (found := _filter(rule)) else {})}
    return told


def _filter(rule: Mapping[str, Any]) -> Any:
    """What a rule is kept to; S3 writes `everything` in more than one way."""
    found = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
    return None if found == {"Prefix": ""} else found
