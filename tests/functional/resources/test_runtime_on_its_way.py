"""A runtime or an endpoint of it whose change is under way, or has failed."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from agentcore_cli.errors import AgentcoreError
from agentcore_cli.resources.wait_options import WaitOptions
from tests.fakes.control_server import ControlServer
from tests.functional.resources.bot import Bot
from tests.local_runtime import eventually


def release_soon(control: ControlServer) -> None:
    """What is under way ends half a second from now."""
    threading.Timer(0.5, control.release).start()


def test_one_that_is_still_being_made_is_destroyed_when_it_is_there(control: ControlServer, bot: Bot) -> None:
    control.hold()
    bot.deploy(wait_options=WaitOptions(wait=False))
    assert bot.answer()["status"] == "CREATING"
    release_soon(control)
    bot.destroy()
    assert bot.there() == []


def is_ready(bot: Bot, endpoint: Mapping[str, str]) -> bool:
    return bool(bot.client.get_agent_runtime_endpoint(**endpoint)["status"] == "READY")


@pytest.mark.parametrize("is_deleted", [False, True], ids=["being-made", "being-deleted"])
def test_its_endpoints_on_their_way_are_waited_for(control: ControlServer, bot: Bot, is_deleted: bool) -> None:
    bot.deploy()
    endpoint = {"agentRuntimeId": bot.id, "endpointName": "blue"}
    if is_deleted:
        bot.client.create_agent_runtime_endpoint(agentRuntimeId=bot.id, name="blue")
        eventually(lambda: is_ready(bot, endpoint), "it is there")
    control.hold()
    if is_deleted:
        bot.client.delete_agent_runtime_endpoint(**endpoint)
    else:
        bot.client.create_agent_runtime_endpoint(agentRuntimeId=bot.id, name="blue")
    release_soon(control)
    bot.destroy()
    assert bot.there() == []


def test_an_endpoint_that_can_not_be_deleted_is_told_at_once(control: ControlServer, bot: Bot) -> None:
    bot.deploy()
    bot.client.create_agent_runtime_endpoint(agentRuntimeId=bot.id, name="blue")
    eventually(lambda: is_ready(bot, {"agentRuntimeId": bot.id, "endpointName": "blue"}), "it is there")
    control.lifecycle.fail_artifact("still in use")
    with pytest.raises(AgentcoreError, match="endpoint blue of runtime bot: DELETE_FAILED: still in use"):
        bot.destroy(wait_options=WaitOptions(seconds=5))
    control.lifecycle.failure = None
    bot.destroy()
    assert bot.there() == []
