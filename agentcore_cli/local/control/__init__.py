"""The control plane of the local runtime: what runtimes, versions and endpoints exist, as AgentCore keeps them.

It speaks `bedrock-agentcore-control` on the wire, so boto3, the AWS CLI and our own clients work against it unchanged.
A request walks one way: `operations` finds what it is for, `requests` gathers its members, `validation` checks them
against `shapes` and `rules` against each other, `tokens` answers what was answered before, and `runtimes`,
`endpoints`, `tags` or `policies` change the `tables` in one transaction. The answer says CREATING, UPDATING or
DELETING; `transitions` then does the `work` and moves the status on. The work is found in the tables, so a restart
simply looks again.

It knows no session and no process: it asks a `Lifecycle` to prepare and to retire, and tells the data plane through
`resolve` which version an endpoint leads to.
"""

from agentcore_cli.local.control.lifecycle import ArtifactError, Lifecycle, Resolved
from agentcore_cli.local.control.plane import ControlPlane
from agentcore_cli.local.control.settings import RuntimeSettings

__all__ = ["ArtifactError", "ControlPlane", "Lifecycle", "Resolved", "RuntimeSettings"]
