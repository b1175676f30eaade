"""An agent that keeps what it is told in AgentCore Memory and answers with the last turns, as the SDK shows it."""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from bedrock_agentcore.memory.constants import ConversationalMessage, MessageRole
from bedrock_agentcore.memory.session import MemorySessionManager

app = BedrockAgentCoreApp()


@app.entrypoint
def handle(payload, context):
    manager = MemorySessionManager(memory_id=os.environ["MEMORY_ID"], region_name="us-west-2")
    session = manager.create_memory_session(actor_id=payload["actor"], session_id="talk")
    turns = session.get_last_k_turns(k=10)
    session.add_turns([ConversationalMessage(payload["prompt"], MessageRole.USER)])
    return [message["content"]["text"] for turn in turns for message in turn]


app.run()
