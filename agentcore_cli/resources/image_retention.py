"""Which images of a repository ECR keeps: the newest, and those that an endpoint runs, however old they are.

"An image that matches the tagging requirements of a rule cannot be expired by a rule with a lower priority"
(https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, evaluation rules). So each image in use
has a rule of its own before the one that counts: it matches that image's tag alone, which is one image as tags are
immutable, and keeps one. The policy is all that is written, by one call: there is no half of it, and no tag of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.repositories import ImageDescription
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.contract import EcrRepository
from agentcore_cli.errors import InputError
from agentcore_cli.resources import runtime_facts

_RULES_MAX: Final = 50  # of a policy (ECR user guide, "Service quotas")


@dataclass(frozen=True, slots=True)
class Retention:
    """What a lifecycle policy of ours says: how many of the newest images stay, and which tags stay besides."""

    newest: int
    in_use: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Retention | None:
        """From a policy's document; None for one that is not like ours, and for none."""
        rules = document.get("rules", []) if document else []
        selections = [rule.get("selection", {}) for rule in rules]
        if not selections or not isinstance(newest := selections[-1].get("countNumber"), int):
            return None
        tags = [tag for selection in selections[:-1] for tag in selection.get("tagPatternList", ())]
        read = cls(newest, tuple(tags))
        return read if read.document() == document else None

    def document(self) -> dict[str, Any]:
        """The policy's document. Raises InputError for more images in use than it has rules."""
        if len(self.in_use) >= _RULES_MAX:
            raise InputError(
                f"{len(self.in_use)} images are in use, and a lifecycle policy of ECR keeps {_RULES_MAX - 1} at most",
                hint="delete named endpoints that nobody calls",
            )
        kept = [
            _rule(number, f"Keep {tag}, in use", {"tagStatus": "tagged", "tagPatternList": [tag]}, 1)
            for number, tag in enumerate(self.in_use, 1)
        ]
        return {
            "rules": [
                *kept,
                _rule(len(kept) + 1, f"Keep the last {self.newest} images", {"tagStatus": "any"}, self.newest),
            ]
        }


@dataclass(frozen=True, slots=True)
class ImagesInUse:
    """The images of a repository that endpoints of a runtime answer with, or are on their way to."""

    address: EcrRepository
    runtimes: RuntimeControl

    def tags(
        self,
        images: Collection[ImageDescription],
        runtime_id: str | None,
        retention: Retention | None,
        also: str | None = None,
    ) -> tuple[str, ...]:
        """A tag of each among the repository's `images`, the one that the policy has where it has one.

        `also` is the URI of one more. What has no tag can't be kept by a rule: nothing that we push is without one.
        """
        uris = [*self._uris(runtime_id), *([also] if also else [])]
        wanted = {uri[len(self.address.uri) + 1 :] for uri in uris if self.has(uri)}
        running = [image for image in images if image.tags and wanted & {image.digest, *image.tags}]
        return tuple(sorted(_kept(image, retention) or min(image.tags) for image in running))

    def has(self, uri: str) -> bool:
        """Whether an image's URI is of this repository."""
        return uri.startswith((f"{self.address.uri}@", f"{self.address.uri}:"))

    def _uris(self, runtime_id: str | None) -> list[str]:
        if runtime_id is None:
            return []
        endpoints = self.runtimes.endpoints(runtime_id)
        versions = {version for there in endpoints for version in (there.live_version, there.target_version) if version}
        found = [self.runtimes.get(runtime_id, version) for version in sorted(versions)]
        images = [runtime_facts.image_of(version.settings) for version in found if version]
        return [image for image in images if image]


def _kept(image: ImageDescription, retention: Retention | None) -> str | None:
    kept: Collection[str] = retention.in_use if retention else ()
    return next((tag for tag in image.tags if tag in kept), None)


def _rule(priority: int, description: str, selection: Mapping[str, Any], count: int) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": {**selection, "countType": "imageCountMoreThan", "countNumber": count},
        "action": {"type": "expire"},
    }
