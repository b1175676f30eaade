"""The config file: `.agentcore.yaml`, which is the human's, read into typed values.

`load` gives a whole, checked `Config` or raises one ConfigError that lists every fault with its file, line and key.
Knows no AWS call, no state and no template. It stands on the path of every local `invoke`, so reading needs msgspec and
PyYAML's C parser alone; `write` (ruamel.yaml, keeps comments) and `explain` (words for faults) are imported when used.
"""

from agentcore_cli.config.choose import LOCAL, choose_agent, choose_target, is_meant_unnamed
from agentcore_cli.config.load import FILE_NAME, Loaded, find, load, nearest, parse
from agentcore_cli.config.memory import Memory, Strategy
from agentcore_cli.config.schema import (
    FROM_ENV,
    Agent,
    Authorizer,
    Build,
    Config,
    Lifecycle,
    Local,
    Network,
    Target,
)
from agentcore_cli.config.start import Start

__all__ = [
    "FILE_NAME",
    "FROM_ENV",
    "LOCAL",
    "Agent",
    "Authorizer",
    "Build",
    "Config",
    "Lifecycle",
    "Loaded",
    "Local",
    "Memory",
    "Network",
    "Start",
    "Strategy",
    "Target",
    "choose_agent",
    "choose_target",
    "find",
    "is_meant_unnamed",
    "load",
    "nearest",
    "parse",
]
