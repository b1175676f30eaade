"""The journey on the caller's own AWS account, by `make test-aws` alone: it makes things there, and they cost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.e2e.journey import AGENT, Journey
from tests.stage.real_account import real_account

pytestmark = pytest.mark.skipif(
    os.environ.get("AGENTCORE_TEST_AWS") != "yes" or "CI" in os.environ,
    reason="deploys to an AWS account: make test-aws AGENTCORE_TEST_AWS=yes",
)


@pytest.mark.timeout(1800)
def test_the_journey_on_aws(tmp_path: Path) -> None:
    callers = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    command = CommandLine(tmp_path / "project", callers)
    with real_account() as aws:
        before = aws.inventory(AGENT)
        journey = Journey(command, aws, lambda: aws.inventory(AGENT))
        try:
            journey.configure()
            journey.plan_everything()
            first = journey.deploy()
            journey.nothing_to_do()
            journey.is_arm64(first)
            journey.two_sessions("first", 1)
            journey.change_one_line(first)
            journey.two_sessions("second", 2)
            journey.roll_back()
            journey.two_sessions("first", 3)
            journey.destroy()
        finally:
            command.run("destroy", "--yes")
        assert aws.inventory(AGENT) == before
