"""The fake lifecycle notes, waits and fails as its users expect."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.control import ArtifactError, Lifecycle, Resolved, RuntimeSettings
from tests.fakes.control import SETTINGS
from tests.fakes.lifecycle import RecordingLifecycle

BODY = SETTINGS | {"lifecycleConfiguration": {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28_800}}
VERSION = Resolved("agent-0123456789", "arn", "DEFAULT", "1", RuntimeSettings.of(BODY))


async def test_it_notes_every_call_in_order() -> None:
    lifecycle = RecordingLifecycle()
    used: Lifecycle = lifecycle
    await used.prepare(VERSION)
    await used.retire_endpoint("a", "prod")
    await used.retire_version("a", "1")
    await used.retire_runtime("a")
    assert lifecycle.calls == [
        ("prepare", "agent-0123456789", "DEFAULT", "1"),
        ("retire_endpoint", "a", "prod"),
        ("retire_version", "a", "1"),
        ("retire_runtime", "a"),
    ]
    assert lifecycle.prepared == [VERSION]


async def test_it_waits_while_it_is_not_open() -> None:
    lifecycle = RecordingLifecycle()
    lifecycle.open.clear()
    waiting = asyncio.create_task(lifecycle.retire_runtime("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    lifecycle.open.set()
    await waiting


async def test_it_fails_with_the_reason_it_was_given() -> None:
    lifecycle = RecordingLifecycle()
    lifecycle.fail_artifact("not a zip")
    with pytest.raises(ArtifactError, match="not a zip"):
        await lifecycle.prepare(VERSION)
