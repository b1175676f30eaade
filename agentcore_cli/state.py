"""What is deployed from this folder: `.agentcore/<target>.json`, written by the tool alone and safe to lose.

It holds no absolute paths and no secrets. A deploy that does not find it, or can't read it, looks at what is there and
writes it anew. On the fast path of `invoke`: stdlib only.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from agentcore_cli import documents, project_folder
from agentcore_cli.contract import DEFAULT_ENDPOINT, Arn
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Listener, Note
from agentcore_cli.keys import IMAGE, REPOSITORY, ROLE, RUNTIME, SOURCE

FOLDER: Final = project_folder.NAME
_VERSION: Final = 1
_COLONS_OF_AN_ARN: Final = 5


class Deployed(Struct, frozen=True):
    """Where an agent is reached; `artifact` is the digest of what it runs."""

    arn: str
    runtime_id: str
    version: str
    endpoint: str
    artifact: str

    @property
    def region(self) -> str:
        return Arn.of(self.arn).region


class State:
    """One target's state. Making one reads nothing."""

    def __init__(self, root: Path, target: str) -> None:
        self._folder = root / FOLDER
        self._target = target
        self._path = self._folder / f"{target}.json"
        self._writing = threading.Lock()

    @property
    def lock_path(self) -> Path:
        """Who deploys to or destroys on this target holds `files.lock` on it. Raises InputError where
        `.agentcore` leads somewhere else.
        """
        project_folder.check(self._root)
        return self._folder / f"{self._target}.lock"

    def deployed(self, agent: str) -> Deployed | None:
        """What is deployed under this name as far as the file knows; None too when it can't be read."""
        outputs = self._agents().get(agent, {}).get(RUNTIME, {}).get("outputs", {})
        try:
            return Deployed(
                arn=outputs["arn"],
                runtime_id=outputs["id"],
                version=outputs["version"],
                endpoint=outputs.get("endpoint", DEFAULT_ENDPOINT),
                artifact=outputs.get("artifact", ""),
            )
        except KeyError:
            return None

    def was_written_within(self, seconds: float) -> bool:
        """Whether a deploy to this target has come to something so lately, as far as the file knows."""
        try:
            return time.time() - self._path.stat().st_mtime < seconds
        except OSError:
            return False

    def is_unfinished(self, agent: str) -> bool:
        """Whether the last deploy of the agent's runtime failed or was killed, as far as the file knows."""
        return (self.record(agent, RUNTIME) or {}).get("token") is not None

    def account(self, agent: str) -> str | None:
        """The account of what is recorded of this agent; None when nothing is."""
        return self._place(agent, "account")

    def region(self, agent: str) -> str | None:
        """The region of what is recorded of this agent; None when nothing is that has one."""
        return self._place(agent, "region")

    def require(self, agent: str, deploy: str) -> Deployed:
        """As `deployed`. Raises NotFoundError, whose hint is the command `deploy`, or a target where the agent is."""
        if deployed := self.deployed(agent):
            return deployed
        if fault := self._fault():
            message = f"{agent}: not known where it is on {self._target}: {self._name} {fault}"
            raise NotFoundError(message, hint=f"{deploy} finds out what is there")
        other = next((target for target in self._other_targets() if State(self._root, target).deployed(agent)), None)
        hint = f"it is on {other}: give{_option(other)}" if other else deploy
        raise NotFoundError(f"{agent}: not deployed on {self._target}", hint=hint)

    def given_environment(self, agent: str) -> frozenset[str] | None:
        """The names of the variables that deploys were given by `--env`; None when nothing is recorded."""
        record = self.record(agent, RUNTIME)
        return frozenset(record.get("facts", {}).get("given_environment", ())) if record else None

    def resolved(self, agent: str) -> str:
        """What the agent's requirements were resolved to by the last `deploy --upgrade`, as a hash; "" without one."""
        facts = [(self.record(agent, key) or {}).get("facts", {}) for key in (SOURCE, IMAGE)]
        return next((fact["resolved"] for fact in facts if fact.get("resolved")), "")

    def records(self, agent: str) -> Records:
        """The records of one agent, for the engine's journal."""
        return Records(self, agent)

    def mend(self, listener: Listener) -> None:
        """Move a file that can't be read aside and say so."""
        if fault := self._fault():
            aside = self._path.with_name(f"{self._path.name}.broken-{int(time.time())}")
            self._path.replace(aside)
            listener(Note(f"{self._name} {fault}; kept as {aside.name}, looking at what is there", "warning"))

    def change(self, agent: str, key: str, record: Mapping[str, Any] | None) -> None:
        """Write one record, or drop it with None; it outlives this process when this returns."""
        with self._writing:
            agents = self._agents()
            records = agents.setdefault(agent, {})
            if record is None:
                records.pop(key, None)
            else:
                records[key] = record
            if not records:
                del agents[agent]
            self._write(agents)

    def record(self, agent: str, key: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._agents().get(agent, {}).get(key)
        return found

    def _place(self, agent: str, part: Literal["region", "account"]) -> str | None:
        """A part of the first recorded ARN that has it; a role's has no region."""
        for key in (RUNTIME, ROLE, REPOSITORY):
            arn: str = (self.record(agent, key) or {}).get("outputs", {}).get("arn", "")
            if arn and (found := getattr(Arn.of(arn), part)):
                return str(found)
        return None

    @property
    def _root(self) -> Path:
        return self._folder.parent

    @property
    def _name(self) -> str:
        """The file as a person in the project's folder calls it."""
        return f"{FOLDER}/{self._path.name}"

    def _write(self, agents: Mapping[str, Any]) -> None:
        if not agents:
            self._path.unlink(missing_ok=True)
            return
        from agentcore_cli import files  # not needed to read, and reading is on the fast path

        project_folder.check(self._root)
        if not (ignore := self._folder / ".gitignore").exists():
            files.write_atomically(ignore, "*\n")
        text = json.dumps({"version": _VERSION, "target": self._target, "agents": agents}, indent=1)
        # What runs on this machine is found again without it, and somebody waits for it after each save.
        files.write_atomically(self._path, text + "\n", mode=0o600, durable=self._target != "local")

    def _agents(self) -> dict[str, Any]:
        content, _ = self._read()
        return content

    def _fault(self) -> str:
        """Why the file can't be used, as the end of a sentence; empty when it can."""
        _, fault = self._read()
        return fault

    def _read(self) -> tuple[dict[str, Any], str]:
        """The agents' records, and why they can't be read.

        Raises AgentcoreError if a newer agentcore wrote them, InputError if the file, or its folder, is a link.
        """
        try:
            content = documents.parse(project_folder.read(self._root, self._path.name))
        except FileNotFoundError:
            return {}, ""
        except OSError as error:
            return {}, f"can't be read: {error.strerror}"
        except ValueError as error:
            return {}, f"can't be read: {error}"
        version = content.get("version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > _VERSION:
            raise AgentcoreError(f"{self._path}: written by a newer agentcore", hint="use that version")
        if version != _VERSION or not _are_agents(content.get("agents")):
            return {}, "holds no state"
        return content["agents"], ""

    def _other_targets(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob("*.json") if path != self._path)


class Records:
    """One agent's part of a state file, as the engine's RecordStore."""

    def __init__(self, state: State, agent: str) -> None:
        self._state = state
        self._agent = agent

    def get(self, key: str) -> Mapping[str, Any] | None:
        return self._state.record(self._agent, key)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        self._state.change(self._agent, key, record)

    def drop(self, key: str) -> None:
        self._state.change(self._agent, key, None)


def _are_agents(value: Any) -> bool:
    """Whether it has the shape that `State.change` writes: records by their keys, by agent."""
    if not isinstance(value, dict) or not all(isinstance(records, dict) for records in value.values()):
        return False
    return all(_is_record(record) for records in value.values() for record in records.values())


def _is_record(value: Any) -> bool:
    """Whether the engine can work with it: mappings of what came out and what was wanted, and whole ARNs."""
    if not isinstance(value, dict):
        return False
    outputs, facts = value.get("outputs", {}), value.get("facts", {})
    if not isinstance(outputs, dict) or not isinstance(facts, dict):
        return False
    given = facts.get("given_environment", {})
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        return False
    texts = [outputs.get(name, "") for name in ("arn", "id", "version", "endpoint", "artifact")]
    texts += [value.get(name) or "" for name in ("token", "wanted")]
    return all(isinstance(text, str) for text in texts) and (not texts[0] or texts[0].count(":") >= _COLONS_OF_AN_ARN)


def _option(target: str) -> str:
    return " --local" if target == "local" else f" --target {target}"
