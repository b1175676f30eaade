"""The paths that every session knows, whatever lies where outside."""

APP = "/var/task"  # the agent's code; writable, for the session alone
HOME = "/home/agent"
WORKER = "/opt/agentcore"  # this folder
SESSIONS = "/.sessions"  # a parent's: the folders of its program's sessions
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 (the paths themselves are meant)
