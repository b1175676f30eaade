"""Runs a command on a machine that refuses namespaces, as one does in a container with Docker's default profile."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from agentcore_cli.local.sandbox.worker import kernel, seccomp

kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install("session")
os.execv(sys.argv[1], sys.argv[1:])
