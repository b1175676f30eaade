"""Names of images, as the docker command reads them."""

from __future__ import annotations

import pytest

from agentcore_cli.builders.registry.reference import Reference
from agentcore_cli.errors import InputError

HUB = "registry-1.docker.io"
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", Reference(HUB, "library/python", "latest")),
        ("python:3.13-slim", Reference(HUB, "library/python", "3.13-slim")),
        ("me/agent", Reference(HUB, "me/agent", "latest")),
        ("docker.io/python:3", Reference(HUB, "library/python", "3")),
        ("public.ecr.aws/docker/library/python:3", Reference("public.ecr.aws", "docker/library/python", "3")),
        ("localhost/a:1", Reference("localhost", "a", "1")),
        ("localhost:5000/a/b", Reference("localhost:5000", "a/b", "latest")),
        ("registry:5000/a:1", Reference("registry:5000", "a", "1")),
        (f"ghcr.io/me/a@{DIGEST}", Reference("ghcr.io", "me/a", None, DIGEST)),
        (f"ghcr.io/me/a:1@{DIGEST}", Reference("ghcr.io", "me/a", "1", DIGEST)),
    ],
)
def test_a_name(text: str, expected: Reference) -> None:
    assert Reference.of(text) == expected


@pytest.mark.parametrize("text", ["", "Upper/case", "a b", "a:", "a@sha256:1", "http://x/y", "-a", "a/../b"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(InputError, match="not the name of an image"):
        Reference.of(text)
