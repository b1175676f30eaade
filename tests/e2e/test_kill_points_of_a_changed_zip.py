"""kill -9 at every change of a deploy of one changed line of code; the next deploy makes one version of it."""

from __future__ import annotations

import itertools

import pytest

from tests.e2e.agents import PLAIN_AGENT, write_agent
from tests.e2e.kills import changes, killed_at_every_call
from tests.e2e.laboratory import Laboratory


@pytest.mark.timeout(900)
def test_a_changed_line_killed_at_any_call_is_one_version_more(zip_lab: Laboratory) -> None:
    """Each point goes on from the version that the one before has left, as a project does."""
    lab = zip_lab
    editions = itertools.count(1)

    def change() -> None:
        write_agent(lab.command.folder, PLAIN_AGENT.replace("first", f"edition {next(editions)}"))

    lab.deploy()
    change()
    calls = changes(lab.calls_of(*lab.deploying))
    assert {"s3:PutObject", "bedrock-agentcore:UpdateAgentRuntime"} <= {call.name for call in calls}
    faults = []
    for count, point in enumerate(killed_at_every_call(lab, lab.deploying, calls, change), start=3):
        (bucket,), (runtime,) = (lab.added()[kind].values() for kind in ("buckets", "runtimes"))
        if list(bucket["objects"].values()) != [1] * count:
            faults.append(f"{point}: objects {bucket['objects']}")
        if runtime["versions"] != count:
            faults.append(f"{point}: {runtime['versions']} versions instead of {count}")
    lab.destroy()
    assert faults + lab.faults_of_destroyed() == []
