"""`memory export`: everything that is in a memory, into a file; one that was broken off goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentcore_cli.errors import AgentcoreError, ConflictError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.memories import lines
from agentcore_cli.operations.memories.chosen import Chosen, choose
from agentcore_cli.operations.selection import Selected

Write = Callable[[bytes], object]

STDOUT: Final = "-"
_PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Exported:
    """`sessions` and the others are what the file holds; `resumed`: some of it was there from a run before."""

    target: str
    memory: str
    file: str | None
    sessions: int
    events: int
    records: int
    resumed: bool


@dataclass
class _Progress:
    """What stands in the file so far; `sessions` are those that are in it to their end."""

    sessions: set[tuple[str, str]] = field(default_factory=set)
    events: int = 0
    records: int = 0


def export(
    said: str, file: str, selected: Selected, listener: Listener, *, stdout: Write, force: bool = False
) -> Exported:
    """Write everything that is in a memory into `file`, or for `-` by `stdout`.

    It grows as `FILE.part` and gets its name when it is whole; run again after it was broken off, it goes on behind the
    last session that is whole. What is said meanwhile in a session that stands in the file already is not in it.
    Raises InputError for a file that is there, unless `force`, and for a part of another memory's export.
    """
    with choose(selected, said) as chosen:
        if file == STDOUT:
            progress = _Progress()
            _write(chosen, stdout, progress, listener)
            return _result(selected, chosen, None, progress, resumed=False)
        path = Path(file)
        if path.exists() and not force:
            raise InputError(f"{file}: is there already", hint="give another name, or --force to replace it")
        part = path.with_name(path.name + _PART)
        try:
            progress, whole = _there_already(part, chosen)
            with part.open("r+b" if whole else "wb", buffering=0) as stream:
                os.fchmod(stream.fileno(), 0o600)  # what users said is nobody else's
                stream.truncate(whole)
                stream.seek(whole)
                resumed = bool(progress.sessions)
                _write(chosen, stream.write, progress, listener, begins=not whole)
                os.fsync(stream.fileno())
            part.replace(path)
        except OSError as error:
            raise AgentcoreError(f"{file}: can't be written: {error.strerror}") from error
        return _result(selected, chosen, file, progress, resumed=resumed)


def _write(chosen: Chosen, write: Write, progress: _Progress, listener: Listener, *, begins: bool = True) -> None:
    if begins:
        write(lines.written(lines.head(chosen.memory.settings)))
    for actor, session in _conversations(chosen):
        if (actor, session) in progress.sessions:
            continue
        count = 0
        for event in reversed(list(chosen.contents.events(actor, session))):
            write(lines.written(lines.event(event)))
            count += 1
        write(lines.written({"session": {"actorId": actor, "sessionId": session, "events": count}}))
        progress.sessions.add((actor, session))
        progress.events += count
        listener(Note(f"{actor}: session {session}: {count} event{'' if count == 1 else 's'}"))
    for record in chosen.records():
        write(lines.written(lines.record(record)))
        progress.records += 1
    numbers = {"sessions": len(progress.sessions), "events": progress.events, "records": progress.records}
    write(lines.written({"end": numbers}))


def _conversations(chosen: Chosen) -> Iterator[tuple[str, str]]:
    for actor in chosen.contents.actors():
        for session in chosen.contents.sessions(actor):
            yield actor, session["sessionId"]


def _there_already(part: Path, chosen: Chosen) -> tuple[_Progress, int]:
    """What a run before came to, and how many bytes of it are whole. Raises ConflictError for another's part."""
    progress, whole, position = _Progress(), 0, 0
    if not part.exists():
        return progress, 0
    with part.open("rb") as stream:
        for text in stream:
            position += len(text)
            if not text.endswith(b"\n"):
                break
            kind, content = _content(text, part)
            if kind == "memory" and content.get("arn") != chosen.memory.arn:
                raise ConflictError(
                    f"{part}: the beginning of an export of {content.get('arn')}, and this is {chosen.memory.arn}",
                    hint="give another name, or remove that file",
                )
            if kind == "session":
                progress.sessions.add((content["actorId"], content["sessionId"]))
                progress.events += content["events"]
            if kind in ("memory", "session"):
                whole = position
    return progress, whole


def _content(text: bytes, part: Path) -> tuple[str, lines.Json]:
    try:
        return lines.parsed(text)
    except ValueError:
        raise InputError(f"{part}: not the beginning of an export", hint="remove it, or give another name") from None


def _result(selected: Selected, chosen: Chosen, file: str | None, progress: _Progress, *, resumed: bool) -> Exported:
    return Exported(
        selected.target_name,
        chosen.memory.id,
        file,
        len(progress.sessions),
        progress.events,
        progress.records,
        resumed,
    )
