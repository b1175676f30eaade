"""What the boto3 tests of tokens do not reach: how long tokens are kept, and that they keep no secrets."""

from __future__ import annotations

import pytest

from agentcore_cli.local.control.tokens import KEPT_SECONDS
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import LocalControl

TOKEN = "token-0123456789abcdef0123456789abcdef"
OTHER = "other-0123456789abcdef0123456789abcdef"


def test_a_token_is_forgotten_after_a_day(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    control.update(runtime_id, clientToken=TOKEN)
    control.settle()
    control.clock.advance(KEPT_SECONDS + 1)
    control.update(runtime_id, clientToken=OTHER)
    control.settle()
    assert control.update(runtime_id, clientToken=TOKEN)["agentRuntimeVersion"] == "4"


def test_the_order_of_members_does_not_matter(control: LocalControl) -> None:
    first = control.create(clientToken=TOKEN, environmentVariables={"A": "1", "B": "2"})
    assert control.create(clientToken=TOKEN, environmentVariables={"B": "2", "A": "1"}) == first


def test_a_refused_request_uses_no_token_up(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    control.lifecycle.open.clear()
    control.update(runtime_id)
    before = control.dump()
    for _ in range(2):
        with pytest.raises(ServiceFault, match="is UPDATING"):
            control.update(runtime_id, clientToken=TOKEN)
    assert control.dump() == before


def test_a_replay_is_answered_even_when_the_artifact_is_gone(control: LocalControl) -> None:
    first = control.create(clientToken=TOKEN)
    for artifact in control.home.artifacts.iterdir():
        artifact.unlink()
    assert control.create(clientToken=TOKEN) == first


def test_tokens_hold_a_digest_of_the_parameters_only(control: LocalControl) -> None:
    control.create(clientToken=TOKEN, environmentVariables={"KEY": "s3cret"})
    rows = [line for line in control.dump().splitlines() if "s3cret" in line]
    assert len(rows) == 1
    assert rows[0].startswith('INSERT INTO "versions"')
