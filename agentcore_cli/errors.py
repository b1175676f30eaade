"""Every failure a user can meet, with its exit code and the next step.

Errors are raised low, hinted where the knowledge is, and caught once, in `main`. A message reads
`{what happened}: {why}`; the hint is a command to run or a thing to change.
"""

from __future__ import annotations

DONE = 0
FAILED = 1
BAD_INPUT = 2
NO_CREDENTIALS = 3
NOT_FOUND = 4
AGENT_FAILED = 5
CHANGES_PENDING = 6
TIMED_OUT = 7
EXEC_FAILED = 125
INTERRUPTED = 130


class AgentcoreError(Exception):
    """Base of all of ours. `code` is a stable word for scripts, `exit_code` the process's.

    The hint is a note of the exception too: a notebook and pytest show it below the message.
    """

    code = "Failed"
    exit_code = FAILED
    label = "error"  # what a person sees before the message

    def __init__(self, message: str, *, hint: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.request_id = request_id

    def __str__(self) -> str:
        return self.message

    @property
    def hint(self) -> str | None:
        return self._hint

    @hint.setter
    def hint(self, hint: str | None) -> None:
        self._hint = hint
        self.__notes__ = [f"  next: {hint}"] if hint else []


class InputError(AgentcoreError):
    """Bad usage, configuration or payload; nothing was done."""

    code = "InvalidInput"
    exit_code = BAD_INPUT


class ConfigError(InputError):
    """A fault in `.agentcore.yaml`; the message starts with the path of the key."""

    code = "InvalidConfig"


class UntrustedError(InputError):
    """The config names an address that would get credentials, and the person has not agreed to it."""

    code = "AddressNotTrusted"


class EntrypointError(InputError):
    """A definite fault in the agent's code, found without running it: file, line, what to write instead."""

    code = "InvalidEntrypoint"


class CredentialsError(AgentcoreError):
    """Credentials are missing, expired, of another account, or not allowed to do this."""

    code = "AccessDenied"
    exit_code = NO_CREDENTIALS


class DeniedError(CredentialsError):
    """The credentials are good, and no policy allows them to do this, or one forbids it."""


class NotFoundError(AgentcoreError):
    """The agent, runtime, session, endpoint or version does not exist, or nothing is deployed."""

    code = "NotFound"
    exit_code = NOT_FOUND


class ConflictError(AgentcoreError):
    """Something of that name exists and is not ours, or another operation is under way."""

    code = "Conflict"


class AgentFailedError(AgentcoreError):
    """The agent itself failed (the service's RuntimeClientError)."""

    code = "AgentFailed"
    exit_code = AGENT_FAILED


class StillInProgressError(AgentcoreError):
    """Time ran out while the work goes on elsewhere."""

    code = "TimedOut"
    exit_code = TIMED_OUT


class ServiceError(AgentcoreError):
    """The service, or the local runtime, answered with an error that none of the others names."""

    code = "ServiceError"


class Interrupted(AgentcoreError):
    """Ctrl-C, told as what it left behind and how to go on."""

    code = "Interrupted"
    exit_code = INTERRUPTED


class ExecFailed(AgentcoreError):
    """Any failure of `exec` that is not the command's own: its exit code must not be taken for the command's."""

    exit_code = EXEC_FAILED
    label = "agentcore"

    @classmethod
    def of(cls, error: AgentcoreError) -> ExecFailed:
        """The same error, as exec tells it."""
        failed = cls(error.message, hint=error.hint, request_id=error.request_id)
        failed.code = error.code
        return failed


class ReaderLeft(Exception):
    """Whoever read our stdout has what it wanted (`| head -1`). The end of the command, but no failure."""
