"""`.agentcore.yaml.example` documents every key, and is valid with and without its optional ones."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from agentcore_cli.config import AgentConfig, Authorizer, Config, LifecycleConfig, Local, NetworkConfig, Target, parse

EXAMPLE = (Path(__file__).parents[3] / ".agentcore.yaml.example").read_text()
WHOLE = re.sub(r"^( *)#(?=\S)", r"\1", EXAMPLE, flags=re.MULTILINE)  # prose has a blank after its #


def test_it_is_valid_as_it_is() -> None:
    config = parse(EXAMPLE, "example")
    assert config.agents == {
        "support_bot": AgentConfig(entrypoint="handler.py", requirements="requirements.txt", python="3.13")
    }


def test_it_is_valid_with_every_optional_key() -> None:
    agent = parse(WHOLE, "example").agents["support_bot"]
    defaults = AgentConfig(entrypoint="handler.py")
    same = {name for name in AgentConfig.__struct_fields__ if getattr(agent, name) == getattr(defaults, name)}
    assert same <= {"entrypoint", "python", "build", "protocol", "lifecycle"}


@pytest.mark.parametrize("struct", [Config, AgentConfig, LifecycleConfig, NetworkConfig, Authorizer, Target, Local])
def test_it_has_every_key(struct: type[msgspec.Struct]) -> None:
    missing = [name for name in struct.__struct_fields__ if not re.search(rf"\b{name}:", WHOLE)]
    assert missing == []
