"""The work behind the statuses: it goes on after a crash, is done once at a time, and never hangs."""

from __future__ import annotations

import asyncio
import logging

import pytest

from agentcore_cli.local.control import transitions
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import LocalControl


def crash(control: LocalControl) -> None:
    """End the process in the middle of its work, and start the next one."""
    control.close()
    control.open()


def test_create_goes_on_after_a_crash(control: LocalControl) -> None:
    control.lifecycle.open.clear()
    runtime_id = control.create()["agentRuntimeId"]
    crash(control)
    assert control.get(runtime_id)["status"] == "CREATING"
    control.recover()
    control.settle()
    assert control.get(runtime_id)["status"] == "READY"
    assert control.lifecycle.calls == [("prepare", runtime_id, "DEFAULT", "1")]


def test_everything_that_was_under_way_goes_on_after_a_crash(control: LocalControl) -> None:
    updated = control.ready("updated")["agentRuntimeId"]
    deleted = control.ready("deleted")["agentRuntimeId"]
    shrunk = control.ready("shrunk")["agentRuntimeId"]
    control.update(shrunk)
    for name in ("leaving", "staying"):
        control.create_endpoint(updated, name)
    control.settle()
    control.lifecycle.open.clear()
    control.update(updated)
    control.delete(deleted)
    control.delete(shrunk, version="1")
    control.endpoint("DELETE", updated, "leaving")
    control.endpoint("PUT", updated, "staying", agentRuntimeVersion="1")

    crash(control)
    control.recover()
    control.settle()

    assert control.get(updated)["status"] == "READY"
    assert control.endpoint("GET", updated, "staying")["status"] == "READY"
    with pytest.raises(ServiceFault, match="No agent found"):
        control.get(deleted)
    with pytest.raises(ServiceFault, match="No version '1'"):
        control.get(shrunk, version="1")
    with pytest.raises(ServiceFault, match="No endpoint"):
        control.endpoint("GET", updated, "leaving")
    assert sorted(control.lifecycle.calls) == [
        ("prepare", updated, "DEFAULT", "2"),
        ("prepare", updated, "staying", "1"),
        ("retire_endpoint", updated, "leaving"),
        ("retire_runtime", deleted),
        ("retire_version", shrunk, "1"),
    ]


def test_recovering_twice_does_the_work_once(control: LocalControl) -> None:
    control.lifecycle.open.clear()
    control.create()
    control.recover()
    control.recover()
    control.lifecycle.open.set()
    control.settle()
    assert len(control.lifecycle.calls) == 1
    control.recover()
    control.settle()
    assert len(control.lifecycle.calls) == 1


def test_an_error_nobody_foresaw_ends_in_failed_and_in_the_log(
    control: LocalControl, caplog: pytest.LogCaptureFixture
) -> None:
    control.lifecycle.failure = RuntimeError("no such device")
    failed = control.get(control.ready()["agentRuntimeId"])
    assert (failed["status"], failed["failureReason"]) == (
        "CREATE_FAILED",
        "Internal error: RuntimeError('no such device')",
    )
    assert "RollOut" in caplog.text
    assert "Traceback" in caplog.text


def test_a_failure_without_a_word_is_a_failure(control: LocalControl) -> None:
    control.lifecycle.fail_artifact("")
    assert control.get(control.ready()["agentRuntimeId"])["status"] == "CREATE_FAILED"


def test_a_runtime_that_cannot_be_removed_says_so_and_can_be_tried_again(control: LocalControl) -> None:
    made = control.ready()
    runtime_id = made["agentRuntimeId"]
    control.lifecycle.failure = RuntimeError("busy")
    control.delete(runtime_id)
    control.settle()
    got = control.get(runtime_id)
    assert (got["status"], got["failureReason"]) == ("DELETE_FAILED", "Internal error: RuntimeError('busy')")
    assert control.endpoint("GET", runtime_id, "DEFAULT")["status"] == "DELETE_FAILED"
    with pytest.raises(ServiceFault, match="is DELETE_FAILED"):
        control.update(runtime_id)

    control.lifecycle.failure = None
    control.delete(runtime_id)
    control.settle()
    assert control.plane.runtimes() == 0


@pytest.mark.parametrize("what", ["version", "endpoint"])
def test_a_part_that_cannot_be_removed_says_so(control: LocalControl, what: str) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    control.update(runtime_id)
    control.settle()
    control.create_endpoint(runtime_id, "prod")
    control.settle()
    control.lifecycle.failure = RuntimeError("busy")
    if what == "version":
        control.delete(runtime_id, version="1")
        control.settle()
        got = control.get(runtime_id, version="1")
    else:
        control.endpoint("DELETE", runtime_id, "prod")
        control.settle()
        got = control.endpoint("GET", runtime_id, "prod")
    assert (got["status"], got["failureReason"]) == ("DELETE_FAILED", "Internal error: RuntimeError('busy')")


def test_an_outcome_waits_for_the_disk_to_have_room(control: LocalControl, caplog: pytest.LogCaptureFixture) -> None:
    """The reason of the failure does not fit into the database; once there is room, it is written."""
    control.lifecycle.open.clear()
    control.lifecycle.fail_artifact("x" * 1_000_000)
    runtime_id = control.create()["agentRuntimeId"]
    (pages,) = control.store.one("PRAGMA page_count") or (0,)
    control.store.execute(f"PRAGMA max_page_count = {pages + 2}")

    with caplog.at_level(logging.ERROR):
        control.lifecycle.open.set()
        control.spend(transitions.RETRY_SECONDS / 4)
    assert "can't be written yet" in caplog.text
    assert control.get(runtime_id)["status"] == "CREATING"

    control.store.execute("PRAGMA max_page_count = 1000000")
    control.settle()
    assert control.get(runtime_id)["status"] == "CREATE_FAILED"


def test_the_count_of_runtimes_is_of_all_regions(control: LocalControl) -> None:
    assert control.plane.runtimes() == 0
    control.ready("one")
    control.ready("two")
    assert control.plane.runtimes() == 2


def test_closing_ends_the_work_without_an_outcome(control: LocalControl) -> None:
    control.lifecycle.open.clear()
    runtime_id = control.create()["agentRuntimeId"]
    control.close()
    assert asyncio.all_tasks(control.loop) == set()
    control.open()
    assert control.get(runtime_id)["status"] == "CREATING"
