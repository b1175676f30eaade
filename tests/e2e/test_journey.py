"""The journey on real parts, with our local runtime as AgentCore: images are built, pushed, pulled and run."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from tests.command_line import CommandLine
from tests.e2e.journey import AGENT, Journey
from tests.e2e.pushed_image import PushedImage
from tests.stage.account import Account


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_journey(aws: Account, tmp_path: Path) -> None:
    aws.look_alikes(AGENT)
    before = aws.inventory()
    command = CommandLine(tmp_path / "project", aws.environment)
    journey = Journey(command, aws.registry, aws.inventory)
    journey.configure()
    journey.plan_everything()
    first = journey.deploy()
    journey.nothing_to_do()
    journey.is_arm64(first)
    journey.two_sessions("first")
    assert containers_of(first) == 2
    second = journey.change_one_line(first)
    journey.two_sessions("second")
    journey.roll_back()
    journey.two_sessions("first")
    assert second.digest != first.digest
    journey.destroy()
    assert aws.inventory() == before
    assert containers_of(first) == containers_of(second) == 0


def containers_of(image: PushedImage) -> int:
    """How many containers the engine runs of exactly this image."""
    engine = docker.from_env()
    try:
        running = engine.containers.list(filters={"ancestor": image.config_digest})
        return len(running)
    finally:
        engine.close()
