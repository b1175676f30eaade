"""agentcore: take an agent, one Python file, to Amazon Bedrock AgentCore Runtime and back."""

__version__ = "0.1.0"
