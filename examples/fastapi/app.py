"""AgentCore's two routes in a FastAPI application, without the AgentCore SDK."""

from typing import Annotated, Any

from fastapi import FastAPI, Header

app = FastAPI()
notes: list[str] = []

SessionId = Annotated[str | None, Header(alias="X-Amzn-Bedrock-AgentCore-Runtime-Session-Id")]


@app.get("/ping")
async def ping() -> dict[str, str]:
    """Tell AgentCore that the agent is up and not busy."""
    return {"status": "Healthy"}


@app.post("/invocations")
async def invocations(payload: dict[str, Any], session_id: SessionId = None) -> dict[str, Any]:
    """Keep `{"prompt": text}` as a note of this session and return all its notes."""
    notes.append(str(payload.get("prompt", "")))
    return {"notes": notes, "session_id": session_id}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=8080)
