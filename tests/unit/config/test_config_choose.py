"""Which agent and target a command is about."""

from __future__ import annotations

import pytest

from agentcore_cli.config import Config, choose_agent, choose_target, parse
from agentcore_cli.errors import AgentcoreError


def config(agents: str = "bot: {entrypoint: a.py}", rest: str = "") -> Config:
    return parse(f"version: 1\nproject: a\nagents: {{{agents}}}\n{rest}", "x")


TWO = "bot: {entrypoint: a.py}, cat: {entrypoint: b.py}"


@pytest.mark.parametrize(
    ("chosen_from", "name", "expected"),
    [
        pytest.param(config(), None, "bot", id="the only one"),
        pytest.param(config(TWO, "default_agent: cat"), None, "cat", id="the default"),
        pytest.param(config(TWO, "default_agent: cat"), "bot", "bot", id="by name"),
    ],
)
def test_the_agent(chosen_from: Config, name: str | None, expected: str) -> None:
    assert choose_agent(chosen_from, name)[0] == expected


@pytest.mark.parametrize(
    ("chosen_from", "name", "message", "hint", "code"),
    [
        pytest.param(config(TWO), "cta", "agent cta: not in the config", "did you mean cat?", 4, id="a slip"),
        pytest.param(config(TWO), "zzz", "agent zzz: not in the config", "there is: bot, cat", 4, id="unknown"),
        pytest.param(
            config(TWO),
            None,
            "which agent? The config has bot, cat and no default_agent",
            "give --agent NAME, or `agentcore configure --name NAME --default`",
            2,
            id="open",
        ),
    ],
)
def test_no_agent(chosen_from: Config, name: str | None, message: str, hint: str, code: int) -> None:
    with pytest.raises(AgentcoreError) as caught:
        choose_agent(chosen_from, name)
    assert (caught.value.message, caught.value.hint, caught.value.exit_code) == (message, hint, code)


AWS = "targets: {aws: {region: us-west-2}, eu: {region: eu-west-1}}\n"


@pytest.mark.parametrize(
    ("rest", "name", "environ", "expected"),
    [
        pytest.param(AWS + "default_target: eu", None, {}, "eu", id="the default"),
        pytest.param(AWS + "default_target: eu", None, {"AGENTCORE_TARGET": "aws"}, "aws", id="the environment"),
        pytest.param(AWS + "default_target: eu", "local", {"AGENTCORE_TARGET": "aws"}, "local", id="by name"),
        pytest.param("targets: {aws: {region: us-west-2}}", None, {}, "aws", id="the only one"),
        pytest.param("", None, {}, "local", id="none but local"),
        pytest.param("targets: {local: {environment: {A: b}}}", None, {}, "local", id="local with settings"),
    ],
)
def test_the_target(rest: str, name: str | None, environ: dict[str, str], expected: str) -> None:
    assert choose_target(config(rest=rest), name, environ)[0] == expected


@pytest.mark.parametrize(
    ("rest", "name", "environ", "message", "code"),
    [
        pytest.param(AWS, None, {}, "which target? The config has aws, eu and no default_target", 2, id="open"),
        pytest.param(AWS, "asw", {}, "target asw: not in the config", 4, id="unknown"),
        pytest.param(
            AWS,
            None,
            {"AGENTCORE_TARGET": "x"},
            "target x (from AGENTCORE_TARGET): not in the config",
            4,
            id="environment",
        ),
    ],
)
def test_no_target(rest: str, name: str | None, environ: dict[str, str], message: str, code: int) -> None:
    with pytest.raises(AgentcoreError) as caught:
        choose_target(config(rest=rest), name, environ)
    assert (caught.value.message, caught.value.exit_code) == (message, code)
