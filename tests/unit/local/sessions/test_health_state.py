"""What pings say about a session."""

from __future__ import annotations

import json
import time

import pytest

from agentcore_cli.local.sessions.health_state import HealthState


def told(status: str, changed_at: float | None = None) -> bytes:
    return json.dumps({"status": status} | ({"time_of_last_update": changed_at} if changed_at else {})).encode()


def test_three_failures_in_a_row_are_the_end() -> None:
    vitals = HealthState(0)
    for _ in range(2):
        vitals.failed()
    vitals.answered(told("Healthy"), 1)
    for _ in range(2):
        vitals.failed()
    assert not vitals.dead
    vitals.failed()
    assert vitals.dead


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"status": "healthy"}', b'{"status": null}'])
def test_any_answer_is_healthy(body: bytes) -> None:
    vitals = HealthState(0)
    vitals.answered(body, 1)
    assert not vitals.busy
    assert vitals.healthy_since == 0


def test_who_does_not_tell_when_is_watched() -> None:
    vitals = HealthState(0)
    vitals.answered(told("HealthyBusy"), 10)
    assert vitals.busy
    vitals.answered(told("Healthy"), 20)
    assert (vitals.busy, vitals.healthy_since) == (False, 20)
    vitals.answered(told("Healthy"), 30)
    assert vitals.healthy_since == 20


def test_a_change_between_two_pings_counts_from_when_it_was() -> None:
    """Busy and idle again, seen by no ping: the agent's own time tells."""
    vitals = HealthState(1000)
    vitals.answered(told("Healthy", time.time() - 500), 1000)
    vitals.answered(told("Healthy", time.time() - 10), 1030)
    assert vitals.healthy_since == pytest.approx(1020, abs=1)


def test_the_agents_clock_is_not_advanced() -> None:
    """A time that did not change is old news, however far the server's clock went."""
    vitals = HealthState(1000)
    started = time.time()
    vitals.answered(told("Healthy", started), 1000)
    vitals.answered(told("Healthy", started), 5000)
    assert vitals.healthy_since == 1000


def test_an_agent_that_tells_another_time_at_every_ping_is_never_idle() -> None:
    vitals = HealthState(0)
    for now in (10, 20, 30):
        vitals.answered(told("Healthy", time.time() + now), now)
    assert vitals.healthy_since == 30


HEALTHY = b'{"status": "Healthy", "time_of_last_update": %b}'
NO_TIMES = [
    pytest.param(b"1e999", id="infinite"),
    pytest.param(b"-1e999", id="infinitely long ago"),
    pytest.param(b"NaN", id="not a number"),
    pytest.param(b"1" + b"0" * 400, id="larger than a float"),
    pytest.param(b"1" + b"0" * 5000, id="longer than Python reads"),
    pytest.param(b"true", id="a truth"),
    pytest.param(b'"soon"', id="text"),
    pytest.param(b"[1]", id="a list"),
    pytest.param(b"99999999999", id="in the future"),
    pytest.param(b"1800000000000", id="in milliseconds"),
]


@pytest.mark.parametrize("told_time", NO_TIMES)
def test_what_is_no_time_is_as_good_as_not_told(told_time: bytes) -> None:
    vitals = HealthState(0)
    vitals.answered(HEALTHY % told_time, 10)
    vitals.answered(HEALTHY % b"1", 20)
    vitals.answered(HEALTHY % told_time, 30)
    vitals.answered(HEALTHY % told_time.replace(b"9", b"8"), 40)
    assert vitals.healthy_since == 0


@pytest.mark.parametrize("told_time", NO_TIMES)
def test_an_agent_that_tells_no_time_is_watched(told_time: bytes) -> None:
    vitals = HealthState(0)
    vitals.answered(told("HealthyBusy"), 10)
    vitals.answered(HEALTHY % told_time, 20)
    assert (vitals.busy, vitals.healthy_since) == (False, 20)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 30_000, id="lists in lists"),
        pytest.param(b'{"status":' * 6000, id="objects in objects"),
        pytest.param(b'{"status": %b}' % (b"[" * 20_000 + b"]" * 20_000), id="a deep status"),
        pytest.param(b"9" * 60_000, id="a giant number"),
        pytest.param(b"\xff\xfe{\x00", id="half of UTF-16"),
        pytest.param(b"\xed\xa0\x80", id="half a surrogate pair"),
    ],
)
def test_a_body_that_json_can_t_hold_is_healthy_and_not_busy(body: bytes) -> None:
    vitals = HealthState(0)
    vitals.answered(body, 1)
    assert (vitals.busy, vitals.healthy_since, vitals.failures) == (False, 0, 0)
