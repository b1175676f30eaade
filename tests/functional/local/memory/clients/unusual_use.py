"""The SDK's clients beyond what its documentation shows first. Prints what was found as JSON."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from bedrock_agentcore.memory import MemoryClient
from bedrock_agentcore.memory.constants import BlobMessage, ConversationalMessage, MessageRole
from bedrock_agentcore.memory.controlplane import MemoryControlPlaneClient
from bedrock_agentcore.memory.session import MemorySessionManager
from botocore.exceptions import ClientError

memory_id = sys.argv[1]
ACTOR, SESSION = "a" * 255, "s" * 100
SAID = "Grüße 日本語 👩‍👩‍👧 \u202e\x00\\ \"'\n\u2028end"
client = MemoryClient(region_name="us-west-2")
control = MemoryControlPlaneClient(region_name="us-west-2")
manager = MemorySessionManager(memory_id=memory_id, region_name="us-west-2")
session = manager.create_memory_session(actor_id=ACTOR, session_id=SESSION)
found: dict[str, Any] = {}


def user(text: str) -> ConversationalMessage:
    return ConversationalMessage(text, MessageRole.USER)


def texts(events: Any) -> list[str]:
    return [event["payload"][0]["conversational"]["content"]["text"] for event in events]


def short(said: list[str]) -> list[str]:
    return sorted(text[:5] for text in said if not text.startswith("w"))


def refused(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "nothing"


root = session.add_turns(
    [user(SAID), BlobMessage({"deep": [None, 1.5, {"ü": "\x7f"}]})], metadata={"mood": {"stringValue": "x"}}
)
found["as it was said"] = session.get_event(root["eventId"])["payload"] == root["payload"] and texts([root]) == [SAID]
moment = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)
with ThreadPoolExecutor(16) as pool:  # all in the same millisecond
    made = list(pool.map(lambda n: session.add_turns([user(f"w{n}")], event_timestamp=moment)["eventId"], range(64)))
at_once = [event for event in session.list_events(max_results=1000) if event["eventId"] in made]
found["writers"] = (len(set(made)), len(at_once), [event["eventId"] for event in at_once] == sorted(made, reverse=True))
mood = {"left": {"metadataKey": "mood"}}
found["moods"] = [
    len(session.list_events(eventMetadata=[{**mood, "operator": operator, **right}], max_results=1000))
    for operator, right in (
        ("EXISTS", {}),
        ("NOT_EXISTS", {}),
        ("EQUALS_TO", {"right": {"metadataValue": {"stringValue": "x"}}}),
        ("EQUALS_TO", {"right": {"metadataValue": {"stringValue": "y"}}}),
    )
]
behind = root["eventId"]
for name in ("b1", "b2"):  # the second grows from the first
    behind = session.fork_conversation(root_event_id=behind, branch_name=name, messages=[user(name)])["eventId"]
    client.create_event(memory_id, ACTOR, SESSION, [(f"{name} more", "TOOL")], branch={"name": name})
both = client.list_branch_events(memory_id, ACTOR, SESSION, "b2", include_parent_branches=True)
found["branch of a branch"] = short(texts(both))
found["only it"] = sorted(texts(session.list_events(branch_name="b2")))
found["both filters"] = texts(
    session.list_events(branch_name="b2", include_parent_branches=True, eventMetadata=[{**mood, "operator": "EXISTS"}])
)
found["tree"] = sorted(client.get_conversation_tree(memory_id, ACTOR, SESSION)["main_branch"]["branches"])
session.delete_event(root["eventId"])
found["deleted"] = refused(lambda: session.get_event(root["eventId"]))
found["its branch goes on"] = short(texts(session.list_events(branch_name="b1", include_parent_branches=True)))
found["refused"] = [
    refused(lambda: manager.add_turns(ACTOR + "a", SESSION, [user("x")])),
    refused(lambda: manager.add_turns("ä", SESSION, [user("x")])),
    refused(lambda: manager.add_turns("a b", SESSION, [user("x")])),
    refused(lambda: session.add_turns([user("x")] * 101)),
    refused(lambda: session.add_turns([user("x" * 100_001)])),
    refused(lambda: session.add_turns([BlobMessage("x" * 10_000_001)])),
    refused(lambda: client.create_memory("unusual")),
    refused(lambda: client.get_memory_strategies("nothere-AbCdEf0123")),
]

client.add_summary_strategy_and_wait(memory_id, "short", namespaces=["/s/{actorId}/{sessionId}/"], poll_interval=0.1)
(summary,) = (each for each in client.get_memory_strategies(memory_id) if each["name"] == "short")
client.modify_strategy(memory_id, summary["strategyId"], description="changed")
control._wait_for_memory_active(memory_id, 60, 0.1)
found["modified"] = control.get_strategy(memory_id, summary["strategyId"])["description"]
control.remove_strategy(memory_id, summary["strategyId"], wait_for_active=True, poll_interval=0.1)
control.update_memory(memory_id, description="new", event_expiry_days=7, wait_for_active=True, poll_interval=0.1)
(here,) = (each for each in control.list_memories() if each["id"] == memory_id)
answer = control.get_memory(memory_id)
found["memory"] = (answer["description"], answer["eventExpiryDuration"], [s["name"] for s in answer["strategies"]])

records = [
    {
        "requestIdentifier": str(number),
        "namespaces": ["/facts/ann/x"],
        "content": {"text": f"{SAID} {number}".replace("\x00", "")},
        "timestamp": moment,
    }
    for number in range(100)
]
session._manager.batch_create_memory_records(memoryId=memory_id, records=records)
kept = manager.list_long_term_memory_records("/facts/ann/x", max_results=1000)
found["records"] = (len(kept), manager.get_memory_record(kept[0]["memoryRecordId"])["content"]["text"][:10])
found["by word"] = len(
    manager.search_long_term_memories("grusse 日本語", namespace_path="/facts", top_k=100, max_results=100)
)
gone = manager.delete_all_long_term_memories_in_namespace("/facts/ann/x")["successfulRecords"]
left = manager.list_long_term_memory_records("/facts/ann/x", max_results=1000)
found["deleted records"] = len(gone) + len(left)
found["none twice"] = len({each["memoryRecordId"] for each in (*gone, *left)})
print(json.dumps(found))
