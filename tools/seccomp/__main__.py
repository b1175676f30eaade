"""`python -m tools.seccomp`: write the filters that the worker installs, and the profile of containers with storage."""

from __future__ import annotations

import json
from pathlib import Path

from tools.seccomp.assembler import assemble
from tools.seccomp.policy import ROLES, policy, profile

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
NUMBERS = Path(__file__).with_name("numbers.txt")
TARGET = Path(__file__).parents[2] / "agentcore_cli" / "local" / "sandbox" / "worker" / "filters.py"
PROFILE = Path(__file__).parents[2] / "agentcore_cli" / "local" / "containers" / "seccomp.json"
INSTRUCTIONS_A_LINE = 6

HEAD = '''"""What the kernel refuses to a session and to its parent: programs of classic BPF, in bytes.

Written by `python -m tools.seccomp`, whose `policy` says what they do; a test compares them.
"""

PROGRAMS = {
'''


def numbers(machine: str) -> dict[str, int]:
    """The numbers of its system calls by name."""
    column = 1 + list(ARCHITECTURES).index(machine)
    lines = [line.split() for line in NUMBERS.read_text().splitlines() if not line.startswith("#")]
    return {line[0]: int(line[column]) for line in lines if line[column] != "-"}


def render() -> str:
    """The module's text."""
    entries = []
    for machine, architecture in ARCHITECTURES.items():
        for role in ROLES:
            code = assemble(architecture, numbers(machine), policy(role))
            words = [instruction.packed().hex() for instruction in code]
            rows = [" ".join(words[at : at + INSTRUCTIONS_A_LINE]) for at in range(0, len(words), INSTRUCTIONS_A_LINE)]
            body = "".join(f'        "{row} "\n' for row in rows)
            entries.append(f'    ("{machine}", "{role}"): bytes.fromhex(\n{body}    ),\n')
    return f"{HEAD}{''.join(entries)}}}\n"


def render_profile() -> str:
    """The file's text."""
    return json.dumps(profile()) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render())
    PROFILE.write_text(render_profile())
