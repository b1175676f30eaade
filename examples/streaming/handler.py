"""An answer that is streamed word by word: an async generator becomes server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bedrock_agentcore.runtime import BedrockAgentCoreApp

SECONDS_PER_WORD = 0.1

app = BedrockAgentCoreApp()


@app.entrypoint
async def repeat(payload: dict[str, Any]) -> AsyncIterator[str]:
    """Say `{"prompt": text}` again, one word per event."""
    for word in str(payload.get("prompt", "")).split():
        yield f"{word} "
        await asyncio.sleep(SECONDS_PER_WORD)


if __name__ == "__main__":
    app.run()
