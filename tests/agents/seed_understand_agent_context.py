# The agent of AWS's public tutorial notebook on runtime sessions (understand_agent_context.py), word for word: it must
# run unmodified.
# ruff: noqa
# fmt: off
import argparse, json
from strands import Agent, tool
from bedrock_agentcore.runtime import BedrockAgentCoreApp

app = BedrockAgentCoreApp()

@tool
def weather(city: str):
    """
    Get weather for a given city
    Params:
        city: Name of the city you want the weather for
    """
    return f"Weather in {city} is warm and sunny"

agent = Agent(tools=[weather])

@app.entrypoint
def strands_agent_bedrock(payload, context):
    prompt = payload.get("prompt","hello")
    print("Context object is of type ", type(context))
    print("Context object is ", context)
    response = agent(prompt)
    return response

if __name__ == "__main__":
    app.run()
