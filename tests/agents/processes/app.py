"""What all of them serve: an answer tells which process gave it, and how many that has given."""

import os

from fastapi import FastAPI, Request

app = FastAPI()
answered = 0


@app.get("/ping")
def ping():
    return {"status": "Healthy"}


@app.post("/invocations")
async def invoke(request: Request):
    global answered
    answered += 1
    return {"process": os.getpid(), "answered": answered, "client": request.client.host}
