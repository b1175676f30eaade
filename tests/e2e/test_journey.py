"""The journey on real parts, with our local runtime as AgentCore: images are built, pushed, pulled and run."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from tests.command_line import CommandLine
from tests.e2e.journey import AGENT, Journey
from tests.stage.account import Account


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
    journey.two_sessions("first", 1)
    assert len(containers_of(first.config_digest)) == 2
    second = journey.change_one_line(first)
    journey.two_sessions("second", 2)
    journey.roll_back()
    journey.two_sessions("first", 3)
    images = (first.config_digest, second.config_digest)
    assert len({*images}) == 2
    journey.destroy()
    assert aws.inventory() == before
    assert [containers_of(image) for image in images] == [[], []]


def containers_of(image_id: str) -> list[str]:
    """The containers that the engine runs of exactly this image."""
    engine = docker.from_env()
    try:
        return [container.id for container in engine.containers.list(filters={"ancestor": image_id})]
    finally:
        engine.close()
