"""The SDK's session manager for Strands: what one agent said, the next one of the same session knows."""

from __future__ import annotations

import json
import sys

from bedrock_agentcore.memory.integrations.strands.config import AgentCoreMemoryConfig, RetrievalConfig
from bedrock_agentcore.memory.integrations.strands.session_manager import AgentCoreMemorySessionManager
from strands import Agent
from strands.types.session import SessionMessage

memory_id = sys.argv[1]
config = AgentCoreMemoryConfig(
    memory_id=memory_id,
    session_id="talk",
    actor_id="ann",
    retrieval_config={"/facts/{actorId}/": RetrievalConfig(top_k=3, relevance_score=0.3)},
)


def agent() -> Agent:
    manager = AgentCoreMemorySessionManager(config, region_name="us-west-2")
    return Agent(agent_id="helper", session_manager=manager, callback_handler=None, load_tools_from_directory=False)


first = agent()
manager = first._session_manager
for index, (role, text) in enumerate((("user", "My name is Ann."), ("assistant", "Hello Ann"))):
    message = {"role": role, "content": [{"text": text}]}
    manager.create_message("talk", "helper", SessionMessage.from_message(message, index))
second = agent()
print(json.dumps([[message["role"], message["content"][0]["text"]] for message in second.messages]))
