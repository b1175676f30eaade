"""An agent of Strands with tools, whose conversation and knowledge are in a memory. Prints what was found as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from bedrock_agentcore.memory.integrations.strands.config import AgentCoreMemoryConfig, RetrievalConfig
from bedrock_agentcore.memory.integrations.strands.memorystore import AgentCoreMemoryStore
from bedrock_agentcore.memory.integrations.strands.session_manager import AgentCoreMemorySessionManager
from strands import Agent, tool

sys.path.append(str(Path(__file__).parents[5] / "examples" / "strands"))

from scripted_model import ScriptedModel

memory_id = sys.argv[1]
found: dict[str, Any] = {}


@tool
def order_status(order_id: str) -> str:
    """The status of an order."""
    return f"{order_id} ist unterwegs 日本語 " + "x" * 20_000


def agent(session: str, **options: Any) -> tuple[Agent, AgentCoreMemorySessionManager]:
    config = AgentCoreMemoryConfig(
        memory_id=memory_id,
        session_id=session,
        actor_id="user/1:" + "a" * 200,
        default_metadata={"app": "x"},
        **options,
    )
    manager = AgentCoreMemorySessionManager(config, region_name="us-west-2")
    return Agent(
        model=ScriptedModel(),
        tools=[order_status],
        agent_id="helper",
        session_manager=manager,
        callback_handler=None,
        load_tools_from_directory=False,
    ), manager


def same(one: Agent, other: Agent) -> bool:
    return bool(one.messages) and one.messages == other.messages


first, writer = agent("s" * 100)
first("Where is order 1234?")
first.state.set("seen", ["1234", "ü"])
first("And now?")
second, manager = agent("s" * 100)
found["goes on"] = (same(first, second), len(second.messages), second.state.get("seen"))
events = manager.memory_client.list_events(memory_id, manager.config.actor_id, "s" * 100, max_results=1000)
found["tagged"] = len([each for each in events if each.get("metadata", {}).get("app") == {"stringValue": "x"}])

latest = writer._latest_agent_message["helper"]
latest.message = {"role": "assistant", "content": [{"text": "(redacted)"}]}
writer.update_message("s" * 100, "helper", latest)
found["redacted"] = agent("s" * 100)[0].messages[-1]["content"][0]["text"]

batched, manager = agent("batched", batch_size=50)
batched("Where is order 4321?")
manager.close()
found["batched"] = same(agent("batched")[0], batched)

nothing, _ = agent("nothing", persistence_mode="NONE")
nothing("Where is order 4321?")
found["kept nothing"] = len(agent("nothing")[0].messages)

store = AgentCoreMemoryStore(
    memory_id=memory_id,
    actor_id="ann",
    session_id="facts",
    namespace_path="/facts/{actorId}",
    writable=True,
    metadata_provider=lambda message: {"role": message["role"]},
    region_name="us-west-2",
)


async def learn() -> Any:
    said = [("user", "I like green tea."), ("assistant", "Noted."), ("user", "My cat is called Momo.")]
    await store.add_messages([{"role": role, "content": [{"text": text}]} for role, text in said])
    deadline = time.monotonic() + 60
    while not (entries := await store.search("which cat?")):
        assert time.monotonic() < deadline, "nothing was extracted"
        await asyncio.sleep(0.1)
    return entries


found["learned"] = [entry.content for entry in asyncio.run(learn())]
knowing, manager = agent("knows", retrieval_config={"/facts/ann/": RetrievalConfig(top_k=100, relevance_score=0.1)})
knowing("Is my cat in order 4321?")
found["told"] = [block["text"] for block in knowing.messages[0]["content"]]
print(json.dumps(found))
