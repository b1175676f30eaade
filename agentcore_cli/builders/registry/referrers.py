"""Manifests about another one, their subject: the registry lists them, or, where it can't, a tag of ours does.

Source: github.com/opencontainers/distribution-spec, "Pushing Manifests with Subject" and "Referrers Tag Schema".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from agentcore_cli.builders.registry.registry import Registry
from agentcore_cli.errors import NotFoundError

_INDEX: Final = "application/vnd.oci.image.index.v1+json"


def attach(registry: Registry, repository: str, subject: str, descriptor: Mapping[str, Any], manifest: bytes) -> None:
    """Put `manifest`, which `descriptor` describes. Its blobs and its subject, a digest, are there."""
    if not registry.put_referrer(repository, descriptor["mediaType"], manifest):
        _add_to_list(registry, repository, subject, descriptor)


def _add_to_list(registry: Registry, repository: str, subject: str, descriptor: Mapping[str, Any]) -> None:
    """What is in the list already stays. Two at once could lose one another's; the next push brings it back."""
    tag = subject.replace(":", "-", 1)
    try:
        there = registry.manifest(repository, tag).document.get("manifests", [])
    except NotFoundError:
        there = []
    if descriptor in there:
        return
    known = {each["digest"]: each for each in (*there, descriptor)}
    document = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [known[digest] for digest in sorted(known)]}
    registry.put_manifest(repository, tag, _INDEX, json.dumps(document, separators=(",", ":")).encode())
