"""What the check found: definite faults stop `configure`, doubtful ones are warnings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from agentcore_cli.errors import EntrypointError


@dataclass(frozen=True, slots=True)
class Finding:
    """`file` as the user knows it; `certain` only where the agent can't work as it stands."""

    file: str
    line: int | None
    problem: str
    certain: bool = True

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.problem}"

    def doubtful(self) -> Finding:
        return replace(self, certain=False)


CONFIGURE_HINT: Final = "mend the code, or give --no-check to configure it as it is"


def raise_faults(findings: Iterable[Finding], *, hint: str = CONFIGURE_HINT) -> tuple[str, ...]:
    """The warnings among the findings. Raises EntrypointError with all the definite faults, a line each."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: (finding.file, finding.line or 0))
    faults = [str(finding) for finding in ordered if finding.certain]
    if faults:
        raise EntrypointError("\n".join(faults), hint=hint)
    return tuple(str(finding) for finding in ordered)
