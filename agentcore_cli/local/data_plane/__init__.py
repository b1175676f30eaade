"""The operations of `bedrock-agentcore` that a session answers."""
