"""The service's limits on how many there may be."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from agentcore_cli.local.control.records import RuntimeRecord, VersionRecord
from agentcore_cli.local.control.runtimes import RUNTIMES_MAX, VERSIONS_MAX
from agentcore_cli.local.control.tables import Tables
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import REGION, LocalControl


def fill(control: LocalControl, runtimes: Iterable[RuntimeRecord], versions: Iterable[VersionRecord]) -> None:
    tables = Tables(control.store)
    with control.store.transaction():
        for runtime in runtimes:
            tables.add_runtime(runtime)
        for version in versions:
            tables.add_version(version)


def test_a_region_has_at_most_a_thousand_runtimes(control: LocalControl) -> None:
    runtimes = [
        RuntimeRecord(
            f"filler{number}-0123456789", "aws", "000000000000", REGION, f"filler{number}", 1, "READY", None, 0, 0
        )
        for number in range(RUNTIMES_MAX - 1)
    ]
    fill(control, runtimes, [VersionRecord(runtime.id, 1, "READY", None, {}, 0, 0) for runtime in runtimes])
    control.ready("last")
    with pytest.raises(ServiceFault, match="limit of 1000 agents") as refusal:
        control.create("one_more")
    assert (refusal.value.status, refusal.value.type) == (402, "ServiceQuotaExceededException")


def test_a_runtime_has_at_most_a_thousand_versions(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    fill(
        control,
        [],
        [VersionRecord(runtime_id, number, "READY", None, {}, 0, 0) for number in range(2, VERSIONS_MAX + 1)],
    )
    with pytest.raises(ServiceFault, match="limit of 1000 versions") as refusal:
        control.update(runtime_id)
    assert refusal.value.status == 402
