"""The SDK's MemoryClient and MemorySessionManager, as its own documentation uses them. Prints what it found as JSON."""

from __future__ import annotations

import json
import time

from bedrock_agentcore.memory import MemoryClient
from bedrock_agentcore.memory.constants import ConversationalMessage, MessageRole, StrategyType
from bedrock_agentcore.memory.session import MemorySessionManager

client = MemoryClient(region_name="us-west-2")
strategies = [{StrategyType.SEMANTIC.value: {"name": "facts", "namespaces": ["/facts/{actorId}/"]}}]
memory = client.create_memory_and_wait("chat", strategies=strategies, poll_interval=1)
again = client.create_or_get_memory("chat", strategies=strategies)

manager = MemorySessionManager(memory_id=memory["id"], region_name="us-west-2")
session = manager.create_memory_session(actor_id="user/1:a", session_id="chat-1")
for number in range(12):
    session.add_turns(
        [
            ConversationalMessage(f"My number is {number}.", MessageRole.USER),
            ConversationalMessage(f"answer {number}", MessageRole.ASSISTANT),
        ]
    )
turns = session.get_last_k_turns(k=10)
events = session.list_events()
session.fork_conversation(
    root_event_id=events[-1]["eventId"],
    branch_name="other",
    messages=[ConversationalMessage("and now?", MessageRole.USER)],
)
deadline = time.monotonic() + 60
while len(session.list_long_term_memory_records(namespace="/facts/user/1:a/", max_results=20)) < 12:
    assert time.monotonic() < deadline, "nothing was extracted"
found = session.search_long_term_memories(query="number 7", namespace_path="/facts/", top_k=3)
client.create_event(memory["id"], "bob", "s-2", [("hello", "USER"), ("hi", "ASSISTANT")])
print(
    json.dumps(
        {
            "same": again["id"] == memory["id"],
            "turns": [[message["content"]["text"] for message in turn] for turn in turns],
            "branches": sorted(branch["name"] for branch in session.list_branches()),
            "fork": len(session.list_events(branch_name="other", include_parent_branches=True)),
            "actors": sorted(actor["actorId"] for actor in manager.list_actors()),
            "sessions": [one["sessionId"] for one in manager.list_actor_sessions("user/1:a")],
            "best": found[0]["content"]["text"],
            "legacy": [
                [message["content"]["text"] for message in turn]
                for turn in client.get_last_k_turns(memory["id"], "bob", "s-2", k=1)
            ],
        }
    )
)
client.delete_memory_and_wait(memory["id"], poll_interval=1)
