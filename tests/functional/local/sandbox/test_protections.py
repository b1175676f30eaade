"""The list of what protects a session here: each was built once to find out, and what is missing says why."""

from __future__ import annotations

from pathlib import Path

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Protection
from agentcore_cli.local.sandbox.cgroups import Cgroups
from agentcore_cli.local.sandbox.isolation import Isolation
from tests.functional.local.sandbox.stage import Stage


async def test_what_is_refused_is_in_the_list_with_its_reason(tmp_path: Path) -> None:
    refused = Protection("keys", active=False, reason="add_key: not permitted")

    async with Stage(tmp_path, Isolation(None, overlay=False, reason="not today", guards=(refused,))) as stage:
        named = {each.name: each for each in stage.sandbox.level.protections}
        assert named["processes of its own"] == Protection("processes of its own", active=False, reason="not today")
        assert named["keys"] == Protection("keys", active=False, reason="add_key: not permitted")


def test_limits_without_control_groups_are_missing(tmp_path: Path) -> None:
    missing = Cgroups(Home(tmp_path).create(), []).protections()
    assert {each.name for each in missing} == {"memory limit", "processor limit", "process limit"}
    assert not any(each.active for each in missing)
