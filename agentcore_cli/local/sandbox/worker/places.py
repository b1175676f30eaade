"""The paths that every session knows, whatever lies where outside."""

APP = "/var/task"  # the agent's code; writable, for the session alone
HOME = "/home/agent"
WORKER = "/opt/agentcore"  # this folder
SESSIONS = "/.sessions"  # a parent's: the folders of its program's sessions
CODE = "/.code"  # a parent's: the snapshots of its runtime, each under its name
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 (the paths themselves are meant)
# The machine's own programs and libraries, each at its own path.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
