"""What a Docker Engine says while it builds, told to a person."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.builders.images.build_log import BuildLog
from agentcore_cli.errors import AgentcoreError

STEPS = (
    {"stream": "Step 1/2 : FROM python\n"},
    {"stream": " ---> 0123456789ab\n"},
    {"stream": "Step 2/2 : RUN make TOKEN=open-sesame\n"},
    {"stream": " ---> Running in 0123456789ab\n"},
    {"stream": "cc main.c\ncc other.c\n"},
)


def log(*events: dict[str, Any]) -> tuple[BuildLog, list[str]]:
    told: list[str] = []
    made = BuildLog(told.append, ["open-sesame"])
    for event in events:
        made.take(event)
    return made, told


def failure(*events: dict[str, Any]) -> AgentcoreError:
    with pytest.raises(AgentcoreError) as caught:
        log(*events)
    return caught.value


def test_steps_are_told_and_the_image_is_known_at_the_end() -> None:
    made, told = log(*STEPS, {"aux": {"ID": "sha256:1"}})
    assert told == ["step 1 of 2: FROM python", "step 2 of 2: RUN make TOKEN=***"]
    assert made.image_id == "sha256:1"


def test_a_failing_step_is_named_with_its_own_last_lines() -> None:
    error = failure(*STEPS, {"errorDetail": {"code": 2}, "error": "The command 'make' returned a non-zero code: 2"})
    assert error.message.splitlines() == [
        "the image can't be built: step 2 of 2: RUN make TOKEN=***:",
        "cc main.c",
        "cc other.c",
        "The command 'make' returned a non-zero code: 2",
    ]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("exec /bin/sh: exec format error", "qemu-user-static"),
        ("pull access denied for theirs", "reaches its registry"),
        ("no matching manifest for linux/arm64/v8", "exists for linux/arm64"),
        ("the --mount option requires BuildKit", "without --mount"),
        ("something else", "mend that step"),
    ],
)
def test_what_is_known_of_an_error_is_hinted_at(said: str, hint: str) -> None:
    assert hint in (failure(*STEPS, {"error": said}).hint or "")


def test_values_of_build_arguments_and_passwords_in_addresses_are_never_told() -> None:
    events = ({"stream": "fetching https://me:secret@example.com/x with open-sesame\n"}, {"error": "open-sesame"})
    text = str(failure(*STEPS, *events))
    assert "secret" not in text
    assert "open-sesame" not in text


def test_a_pull_is_told_at_most_once_a_second() -> None:
    detail = {"current": 5 * 1024**2, "total": 20 * 1024**2}
    event = {"status": "Downloading", "id": "a", "progressDetail": detail}
    assert log(*[event] * 5)[1] == ["pulling the base image: 5 of 20 MB"]
