"""What AgentCore runs: images for linux/arm64, of at most 2 GB."""

from __future__ import annotations

from typing import Final

from agentcore_cli.contract import IMAGE_MAX
from agentcore_cli.errors import InputError

ARM64: Final = "arm64"
PLATFORM: Final = f"linux/{ARM64}"


def require_arm64(image: str, architecture: str) -> None:
    """Raise InputError for an image (as the message names it) that AgentCore can't run."""
    if architecture != ARM64:
        raise InputError(
            f"{image} is for {architecture}, and AgentCore runs {ARM64} only",
            hint=f"write `FROM --platform={PLATFORM} ...` in the Dockerfile, with a base image that has it",
        )


def require_small(image: str, size: int) -> None:
    """Raise InputError for an image that is too large; `size` is in bytes."""
    if size > IMAGE_MAX:
        raise InputError(
            f"{image} has {size / 1024**3:.1f} GB, and AgentCore takes {IMAGE_MAX / 1024**3:.0f} GB",
            hint="leave out packages and files that the agent does not need, or take a smaller base image",
        )
