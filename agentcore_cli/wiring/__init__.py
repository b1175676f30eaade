"""Which object gets which: the composition root. It makes objects, does no work and catches nothing.

Every function imports what it makes, so that a verb loads only the rooms it needs: a local `invoke` loads no boto3.
`selection` says what is known of the selected agent, `clients` makes what talks to its target, `deployments` what is
deployed there.
"""

from agentcore_cli.wiring.clients import (
    aws_data_plane,
    home,
    identity,
    let_go_of_local_runtime,
    local_data_plane,
    local_runtime,
    locator,
    memories,
    memory_contents,
    running_local_runtime,
    runtimes,
    session,
    session_in,
)
from agentcore_cli.wiring.deployments import (
    builder,
    deployment,
    everything,
    installed_packages,
    journal,
    resources,
    runtime,
    store,
    unrecorded,
    version_images,
)
from agentcore_cli.wiring.selection import Selection, deployed, local_environment, memory_id, memory_name, owner, region

__all__ = [
    "Selection",
    "aws_data_plane",
    "builder",
    "deployed",
    "deployment",
    "everything",
    "home",
    "identity",
    "installed_packages",
    "journal",
    "let_go_of_local_runtime",
    "local_data_plane",
    "local_environment",
    "local_runtime",
    "locator",
    "memories",
    "memory_contents",
    "memory_id",
    "memory_name",
    "owner",
    "region",
    "resources",
    "running_local_runtime",
    "runtime",
    "runtimes",
    "session",
    "session_in",
    "store",
    "unrecorded",
    "version_images",
]
