import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/ping")
def ping():
    return {"status": "Healthy"}


@app.post("/invocations")
async def invoke(request: Request):
    return {"payload": await request.json(), "client": request.client.host}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8080)
