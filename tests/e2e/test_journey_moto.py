"""The journey with the AgentCore of moto, which we did not write; it runs no agents, so the engine runs the image."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest

from tests.command_line import CommandLine
from tests.e2e.journey import Journey
from tests.e2e.pushed_image import PushedImage
from tests.fakes.moto_runtimes import MotoRuntimes
from tests.local_runtime import RunningServer, eventually
from tests.stage.account import account
from tests.stage.machine import Machine
from tests.stand_ins import Moto

START_SECONDS = 90


@pytest.mark.timeout(600)
def test_the_journey_by_motos_control_plane(stage: Machine, moto: Moto, server: RunningServer, tmp_path: Path) -> None:
    with account(moto, server, registry=stage.ecr, control=MotoRuntimes()) as aws:
        before = aws.inventory()
        command = CommandLine(tmp_path / "project", aws.environment)
        journey = Journey(command, stage.ecr, aws.inventory, ("deploy", "--no-smoke"))
        journey.configure()
        journey.plan_everything()
        first = journey.deploy()
        journey.nothing_to_do()
        journey.is_arm64(first)
        assert answer_of(first) == ("first", "aarch64")
        second = journey.change_one_line(first)
        assert answer_of(second) == ("second", "aarch64")
        journey.roll_back()
        (runtime,) = aws.inventory()["runtimes"].values()
        assert runtime["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"].endswith(first.digest)
        journey.destroy()
        assert aws.inventory() == before


def answer_of(image: PushedImage) -> tuple[str, str]:
    """Edition and processor, as a container of exactly this image tells them."""
    with running(image) as url:
        body = json.dumps({"prompt": "a"}).encode()
        request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
    return answer["edition"], answer["machine"]


@contextmanager
def running(image: PushedImage) -> Iterator[str]:
    engine = docker.from_env()
    container = engine.containers.run(image.config_digest, detach=True, platform="linux/arm64")
    try:
        container.reload()
        url = f"http://{container.attrs['NetworkSettings']['IPAddress']}:8080"
        eventually(lambda: answers(url), "the agent answers", START_SECONDS)
        yield url
    finally:
        container.remove(force=True)
        engine.close()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/ping", timeout=5).close()
    except OSError:
        return False
    return True
