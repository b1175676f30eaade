"""Session storage: what a session keeps for the next one of its id (`sessionStorage` of filesystemConfigurations).

What AgentCore promises (runtime-filesystem-configurations): empty for a new session id, kept over stop and idle
timeout, gone with a new version of the runtime, after 14 days without a call, and with runtime or endpoint; 1 GB; there
when a session is called, not while it initializes.

Who knows what. `storages` is the account, in the database: which storage is whose, and whether it still holds. Each has
a name that was never used before, so whatever went wrong with a removal, nobody is ever given what another left; what
has a folder and no line in the account is removed when the server starts. `images` makes file systems in files, whose
size the kernel keeps to and which go with one unlink. Where those are not to be had a storage is a folder, `usage`
measures it, and `watch` ends its session when it is too much.

How it gets into a session is the sandbox's affair (`sandbox/attachment.py`).
"""

from agentcore_cli.local.storage.kept import Kept, Whose
from agentcore_cli.local.storage.storages import Storages

__all__ = ["Kept", "Storages", "Whose"]
