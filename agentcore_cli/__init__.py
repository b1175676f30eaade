"""agentcore: take an agent, one Python file, to Amazon Bedrock AgentCore Runtime and back.

`from agentcore_cli import Runtime` is the Python API; it is loaded when it is asked for, so that commands start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentcore_cli.notebook import Runtime as Runtime

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Runtime":
        return import_module("agentcore_cli.notebook").Runtime
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
