"""Local memory called in the process, by operation and members as boto3 takes them: no server, no sockets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from botocore.model import OperationModel, ServiceModel

from agentcore_cli.local.http.wire import split_path
from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.memory.worker import MemoryWorker
from agentcore_cli.local.storage.reserve import Reserve
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.frames import Answered
from tests.fakes.control_model import inputs, service

REGION = "us-west-2"
DATA: ServiceModel = service("bedrock-agentcore")
CONTROL: ServiceModel = service()


class LocalMemory:
    """`now` is its clock, in epoch seconds; a request may come from a session of `project`."""

    def __init__(self, root: Path, reserve: Reserve | None = None) -> None:
        self.path = root / "memory.db"
        self.reserve = reserve
        self.now = 1_800_000_000.0
        self.open()

    def open(self) -> None:
        """Start as after a crash: a new process on the same database."""
        self.store = Database(self.path)
        self.worker = MemoryWorker(self.store, self.reserve)

    def close(self) -> None:
        self.store.close()

    def asked(self, name: str, /, *, region: str = REGION, **members: Any) -> Asked:
        """The request of an operation."""
        method, url, body = by_hand(operation(name), members)
        return self.request(method, url, body, region=region)

    def request(self, method: str, url: str, body: bytes, *, region: str = REGION) -> Asked:
        path, _, query = url.partition("?")
        segments = split_path(path.encode())
        return Asked(method, segments, parse_qs(query, keep_blank_values=True), body, region, self.now)

    def answer(self, batch: Sequence[Asked]) -> list[Answered]:
        return self.worker.answer(batch)

    def send(self, asked: Asked) -> Any:
        """The JSON of the answer; raises the refusal."""
        [answered] = self.answer([asked])
        if fault := answered.fault():
            raise fault
        return json.loads(answered.body) if answered.body else None

    def call(self, name: str, /, **members: Any) -> Any:
        return self.send(self.asked(name, **members))

    def granted(self, name: str, project: str | None, /, **members: Any) -> Any:
        """The same as a session asks that came by its token."""
        asked = self.asked(name, **members)
        asked.granted, asked.project = True, project
        return self.send(asked)

    def create(self, name: str = "notes", **members: Any) -> str:
        """A memory that is ACTIVE, by id."""
        made = self.call("CreateMemory", **{"name": name, "eventExpiryDuration": 30, **members})["memory"]
        self.now += 1
        return str(made["id"])

    def say(self, memory: str, text: str = "hello", **members: Any) -> str:
        """An event of one message, by id."""
        said = {"conversational": {"content": {"text": text}, "role": "USER"}}
        event = {"actorId": "ann", "sessionId": "s1", "eventTimestamp": self.now, "payload": [said], **members}
        return str(self.call("CreateEvent", memoryId=memory, **event)["event"]["eventId"])

    def events(self, memory: str, **members: Any) -> list[Any]:
        """A list's first page."""
        asked = {"memoryId": memory, "actorId": "ann", "sessionId": "s1", **members}
        return list(self.call("ListEvents", **asked)["events"])

    def keep(self, memory: str, *texts: str, namespace: str = "/facts/", **members: Any) -> list[str]:
        """Records, by id."""
        records = [
            {
                "requestIdentifier": str(number),
                "namespaces": [namespace],
                "content": {"text": text},
                "timestamp": self.now,
                **members,
            }
            for number, text in enumerate(texts)
        ]
        made = self.call("BatchCreateMemoryRecords", memoryId=memory, records=records)
        assert made["failedRecords"] == []
        return [record["memoryRecordId"] for record in made["successfulRecords"]]

    def settle(self) -> None:
        """Let it do all that is left to do."""
        while self.worker.chore():
            pass


def operation(name: str) -> OperationModel:
    return (DATA if name in DATA.operation_names else CONTROL).operation_model(name)


def by_hand(operation: OperationModel, members: dict[str, Any]) -> tuple[str, str, bytes]:
    """A request from the model's locations alone: it carries any value."""
    path, query, body = operation.http["requestUri"], list[tuple[str, Any]](), {}
    for name, value in members.items():
        place = inputs(operation).members[name].serialization
        if place.get("location") == "uri":
            path = path.replace(f"{{{place['name']}}}", quote(value, safe=""))
        elif place.get("location") == "querystring":
            query += [(place["name"], item) for item in (value if isinstance(value, list) else [value])]
        else:
            body[name] = value
    return operation.http["method"], f"{path}?{urlencode(query)}", json.dumps(body).encode()
