"""The arguments of a Dockerfile: those before FROM, which it may use, and those of what follows.

Source: docs.docker.com/reference/dockerfile, "Understand how ARG and FROM interact".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from agentcore_cli.builders.images.image_limits import ARM64, PLATFORM
from agentcore_cli.builders.oci import variables
from agentcore_cli.builders.oci.dockerfile import Instruction

_OWN: Final = {"TARGETPLATFORM": PLATFORM, "TARGETOS": "linux", "TARGETARCH": ARM64}
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def outer(instructions: list[Instruction], build_args: Mapping[str, str]) -> dict[str, str]:
    """Those that FROM may use; behind it an ARG of their name has their values."""
    known = dict(_OWN)
    for each in instructions:
        if each.name == "FROM":
            break
        known |= of(each, known, build_args)
    return known


def of(
    each: Instruction, known: Mapping[str, str], build_args: Mapping[str, str], before: Mapping[str, str] = _NONE
) -> dict[str, str]:
    """What an ARG defines: the value that was given, else its default, else the one before FROM; else nothing."""
    found = {}
    for word in variables.words(each.rest):
        name, has_default, default = word.partition("=")
        if name in build_args:
            found[name] = build_args[name]
        elif has_default:
            found[name] = variables.expanded(default, {**known, **found})
        elif name in before:
            found[name] = before[name]
    return found
