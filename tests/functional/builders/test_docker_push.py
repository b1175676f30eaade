"""A push through the Docker SDK: progress, the digest, and every way in which an engine says no in its stream."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agentcore_cli.builders.images import docker_push
from agentcore_cli.builders.images.docker_push import SignIn
from agentcore_cli.errors import AgentcoreError, ConflictError
from tests.fakes.push_engine import Event, PushEngine

REPOSITORY = "123456789012.dkr.ecr.us-west-2.amazonaws.com/bot"
DIGEST = "sha256:" + "d" * 64
MEGABYTE = 1024**2
IMMUTABLE = (  # what ECR answers, as an engine passes it on
    "tag invalid: The image tag 'v1' already exists in the 'bot' repository and cannot be overwritten because the tag "
    "is immutable."
)


def pushing(layer: str, current: int, total: int) -> Event:
    return {"status": "Pushing", "id": layer, "progressDetail": {"current": current, "total": total}}


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "engine.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    return path


def push(told: list[str] | None = None, stopping: threading.Event | None = None) -> str:
    tell = [].append if told is None else told.append
    stop = stopping or threading.Event()
    sign_in = SignIn("AWS", "not-to-be-seen")
    return docker_push.push("sha256:1", REPOSITORY, "v1", sign_in, tell=tell, stopping=stop.is_set)


def test_the_digest_of_what_was_pushed_and_how_far_it_is(address: Path) -> None:
    told: list[str] = []
    done = {"status": "v1: digest: ...", "aux": {"Tag": "v1", "Digest": DIGEST, "Size": 1}}
    events = [pushing("a", 3 * MEGABYTE, 10 * MEGABYTE), {"status": "Pushed", "id": "a", "progressDetail": {}}, done]
    with PushEngine(address, events) as engine:
        assert push(told) == DIGEST
    assert told == ["pushing 3 of 10 MB"]
    ((path, sign_in),) = engine.pushed
    assert f"/images/{REPOSITORY}/push?tag=v1" in path
    assert (sign_in["username"], sign_in["password"]) == ("AWS", "not-to-be-seen")


def test_a_tag_that_can_not_be_moved_is_a_conflict(address: Path) -> None:
    events = [pushing("a", 1, 1), {"errorDetail": {"message": IMMUTABLE}, "error": IMMUTABLE}]
    with PushEngine(address, events), pytest.raises(ConflictError, match="there already: tag invalid"):
        push()


@pytest.mark.parametrize(
    "events",
    [
        [{"error": "denied: Your authorization token has expired. Reauthenticate and try again."}],
        [pushing("a", 1, 2), {"error": "unexpected status: 500"}],
        [pushing("a", 1, 2)],
    ],
)
def test_a_push_that_fails_or_ends_without_a_digest_is_an_error(address: Path, events: list[Event]) -> None:
    with PushEngine(address, events), pytest.raises(AgentcoreError) as caught:
        push()
    assert not isinstance(caught.value, ConflictError)
    assert caught.value.message.startswith(f"{REPOSITORY}:v1: ")
    assert "run the same command again" in (caught.value.hint or "")
    assert "not-to-be-seen" not in repr(caught.value)


def test_an_interrupt_is_seen_while_the_engine_is_silent(address: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with PushEngine(address, [pushing("a", 1, 2)], silence=60), pytest.raises(AgentcoreError, match="interrupted"):
        push(stopping=stop)


def test_an_engine_that_goes_away_meanwhile_is_told_as_such(address: Path) -> None:
    with PushEngine(address, [pushing("a", 1, 2)], breaks_off=True), pytest.raises(AgentcoreError) as caught:
        push()
    assert caught.value.message.startswith("the Docker Engine does not answer any more: ")
    assert "run the same command again" in (caught.value.hint or "")
