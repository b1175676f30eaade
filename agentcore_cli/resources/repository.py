"""The ECR repository of an agent's images: ours with immutable tags and an end for old images, or a given one.

What an endpoint runs has no end: that is told to ECR before it runs it (`keep`), and a plan shows where it is not so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.repositories import Repositories, RepositoryDescription
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError, DeniedError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.image_retention import ImagesInUse, Retention
from agentcore_cli.resources.ownership import Owner, change_tags, tags_of_people
from agentcore_cli.resources.supplied import Supplied

_WITH_ATTESTATIONS: Final = 3  # to ECR each of an image's two is an image, too (user guide, "Private images")


@dataclass(frozen=True, slots=True)
class RepositorySpec:
    """The repository of one agent on one target. `runtime_id` finds the runtime that its images are for, `first_tag`
    the tag of the image that is pushed to a new one; None without any.
    """

    address: EcrRepository
    owner: Owner
    agent: AgentConfig
    runtime_id: Callable[[], str | None] = lambda: None
    first_tag: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """Without `in_use` nothing is known of what runs: enough for a destroy."""

    spec: RepositorySpec
    client: Repositories
    in_use: ImagesInUse | None = None
    key: str = keys.REPOSITORY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises ConflictError when the encryption would have to change: ECR can't, and the images would be lost."""
        agent, address = self.spec.agent, self.spec.address
        facts = {
            "tag_mutability": "IMMUTABLE",
            "scan_on_push": True,
            "keep_images": agent.keep_images * (_WITH_ATTESTATIONS if agent.sbom else 1),
            "unprotected_images": [],
            "encryption": _encryption("KMS" if agent.encryption_key else "AES256", agent.encryption_key),
            "tags": {**agent.tags, **self.spec.owner.tags},
        }
        if found and not found.refusal and found.facts["encryption"] != facts["encryption"]:
            raise _other_encryption(address, found.facts["encryption"])
        return Desired(facts, {"uri": address.uri, "arn": address.arn, "name": address.name})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        answer = self.client.get(self.spec.address.name)
        if answer is None:
            return None
        tags = self.client.tags(answer.arn)
        refusal = self._refusal(answer, tags, recorded)
        lifecycle = None if refusal else self.client.lifecycle(answer.name)
        retention = Retention.of(lifecycle)
        kept = retention.newest if retention else _text(lifecycle)
        unprotected = [] if refusal else self._unprotected(retention)
        facts = _facts(answer, tags) | {"keep_images": kept, "unprotected_images": unprotected}
        return Found(facts, _outputs(answer), answer.arn, refusal)

    def apply(self, work: Work) -> Found:
        if work.found is None:
            return self._create(work)
        return self._bring_in_line(work, work.found)

    def destroy(self, found: Found, work: Work) -> None:
        """Delete it with its images."""
        if there := len(self.client.images(self.spec.address.name)):
            work.tell(f"deleting it with {there} image{'s' if there > 1 else ''}")
        self.client.delete(self.spec.address.name)

    def keep(self, uri: str, runtime_id: str | None) -> None:
        """Have ECR keep the image with this URI, which an endpoint of the runtime is about to run, and what others run.

        What is not in this repository is nothing of ours. A lifecycle policy that is not like ours is left to the next
        deploy, whose plan shows it.
        """
        name, in_use = self.spec.address.name, self.in_use
        if in_use is None or not in_use.has(uri):
            return
        answer = self.client.get(name)
        if answer is None or self._refusal(answer, self.client.tags(answer.arn), None):
            return
        retention = Retention.of(self.client.lifecycle(name))
        if retention is None:
            return
        wanted = in_use.tags(self.client.images(name), runtime_id, retention, uri)
        if wanted != retention.in_use:
            self.client.set_lifecycle(name, Retention(retention.newest, wanted).document())

    def _refusal(
        self, answer: RepositoryDescription, tags: Mapping[str, str], recorded: JournalRecord | None
    ) -> ConflictError | None:
        is_recorded = recorded is not None and recorded.outputs.get("created_at") == answer.created_at
        return self.spec.owner.refusal(f"ECR repository {answer.name}", tags, recorded=is_recorded)

    def _unprotected(self, retention: Retention | None) -> list[str]:
        """A tag of each image that an endpoint runs and no rule keeps, where there are so many that some may go."""
        if self.in_use is None:
            return []
        images = self.client.images(self.spec.address.name)
        if retention and len(images) + _WITH_ATTESTATIONS <= retention.newest:
            return []
        tags = self.in_use.tags(images, self.spec.runtime_id(), retention)
        return sorted({*tags} - {*(retention.in_use if retention else ())})

    def _tags_in_use(self) -> tuple[str, ...]:
        name = self.spec.address.name
        if self.in_use is None:
            return ()
        retention = Retention.of(self.client.lifecycle(name))
        return self.in_use.tags(self.client.images(name), self.spec.runtime_id(), retention)

    def _create(self, work: Work) -> Found:
        facts, name = work.desired, self.spec.address.name
        try:
            made = self.client.create(
                name,
                tag_mutability=facts["tag_mutability"],
                scan_on_push=facts["scan_on_push"],
                key=facts["encryption"].get("key"),
                tags=facts["tags"],
            )
        except ConflictError as error:
            # a call of ours whose answer was lost, or somebody else was faster
            there = self.read(None)
            if there is None or there.refusal:
                raise (there.refusal if there and there.refusal else error) from error
            return self._bring_in_line(work, there)
        work.save(_outputs(made))
        # a runtime may be there that goes on with the image, if somebody else deleted the repository
        in_use = (self.spec.first_tag(),) if self.spec.first_tag else ()
        self.client.set_lifecycle(name, Retention(facts["keep_images"], in_use).document())
        return Found(facts, _outputs(made), made.arn)

    def _bring_in_line(self, work: Work, found: Found) -> Found:
        name, facts = self.spec.address.name, work.desired
        changed = {key for key, value in facts.items() if found.facts[key] != value}
        if "encryption" in changed:
            raise _other_encryption(self.spec.address, found.facts["encryption"])
        if "tag_mutability" in changed:
            self.client.set_tag_mutability(name, facts["tag_mutability"])
        if "scan_on_push" in changed:
            self.client.set_scan_on_push(name, facts["scan_on_push"])
        if {"keep_images", "unprotected_images"} & changed:
            self.client.set_lifecycle(name, Retention(facts["keep_images"], self._tags_in_use()).document())
        change_tags(self.client, found.outputs["arn"], found.facts["tags"], facts["tags"])
        return Found(facts, found.outputs, found.name)


@dataclass(frozen=True, slots=True)
class SuppliedRepository(Supplied):
    """A repository that the config names: looked at, pushed to, and nothing else.

    `client` is of the repository's region, which may be another than the target's, as may its account.
    """

    address: EcrRepository
    agent: str
    client: Repositories
    listener: Listener
    key: str = keys.REPOSITORY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def read(self, recorded: JournalRecord | None) -> Found:
        """Raises InputError when it is not there. Who may push may well not be allowed to look: that is only told."""
        address = self.address
        try:
            if self.client.get(address.name, address.account) is None:
                raise InputError(
                    f"agents.{self.agent}.ecr_repository: {address.uri}: no such repository",
                    hint="make it, or leave the key out: then deploy makes one",
                )
        except DeniedError as error:
            self.listener(Note(f"ECR repository {address.uri}: it can't be looked at: {error.message}"))
        outputs = {"uri": address.uri, "arn": address.arn, "name": address.name}
        return Found({}, outputs, address.arn, supplied=True)


def _facts(answer: RepositoryDescription, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "tag_mutability": answer.tag_mutability,
        "scan_on_push": answer.scan_on_push,
        "encryption": _encryption(answer.encryption, answer.key),
        "tags": tags_of_people(tags),
    }


def _outputs(answer: RepositoryDescription) -> dict[str, str]:
    return {"uri": answer.uri, "arn": answer.arn, "name": answer.name, "created_at": answer.created_at}


def _encryption(kind: str, key: str | None) -> dict[str, str]:
    return {"type": kind} | ({"key": key} if key else {})


def _text(lifecycle: Mapping[str, Any] | None) -> str | None:
    """A policy that is not like ours, to be shown."""
    return None if lifecycle is None else json.dumps(lifecycle, sort_keys=True)


def _other_encryption(address: EcrRepository, there: Mapping[str, str]) -> ConflictError:
    return ConflictError(
        f"ECR repository {address.name}: encryption_key: its encryption is {' '.join(there.values())}, and ECR can't "
        "change that: it would have to be made anew, without its images",
        hint="set encryption_key back; or `agentcore destroy`, then deploy; or name a repository: ecr_repository",
    )
