"""The Python API: what the command line does, as one object for notebooks and programs.

`Runtime` takes the arguments that notebooks wrote for AWS's earlier toolkit, and gives results with the names that they
read. It calls the operations that the commands call; it never prints, never asks and never exits: errors are
`AgentcoreError`s, progress goes to a callback.
"""

from agentcore_cli.notebook.results import (
    ConfigureResult,
    DestroyResult,
    LaunchResult,
    StatusResult,
)
from agentcore_cli.notebook.runtime import Runtime

__all__ = ["ConfigureResult", "DestroyResult", "LaunchResult", "Runtime", "StatusResult"]
