from bedrock_agentcore import BedrockAgentCoreApp

app = BedrockAgentCoreApp()


@app.entrypoint
def invoke(payload, context):
    client = context.request.client
    return {"payload": payload, "client": client.host}


if __name__ == "__main__":
    app.run()
