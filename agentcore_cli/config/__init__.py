"""The config file: `.agentcore.yaml`, which is the human's, read into typed values.

`load` gives a whole, checked `Config` or raises one ConfigError that lists every fault with its file, line and key.
Knows no AWS call, no state and no template. It stands on the path of every local `invoke`, so reading needs msgspec and
PyYAML's C parser alone; `write` (ruamel.yaml, keeps comments) and `explain` (words for faults) are imported when used.
"""

from agentcore_cli.config.choose import LOCAL, choose_agent, choose_target, is_meant_unnamed
from agentcore_cli.config.load import FILE_NAME, Loaded, find, load, nearest, parse
from agentcore_cli.config.memory import MemoryConfig, Strategy
from agentcore_cli.config.schema import (
    FROM_ENV,
    AgentConfig,
    Authorizer,
    Build,
    Config,
    LifecycleConfig,
    Local,
    NetworkConfig,
    Target,
)
from agentcore_cli.config.start import Start

__all__ = [
    "FILE_NAME",
    "FROM_ENV",
    "LOCAL",
    "AgentConfig",
    "Authorizer",
    "Build",
    "Config",
    "LifecycleConfig",
    "Loaded",
    "Local",
    "MemoryConfig",
    "NetworkConfig",
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
