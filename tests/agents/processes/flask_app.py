import os

from flask import Flask, request

app = Flask(__name__)
answered = 0


@app.get("/ping")
def ping():
    return {"status": "Healthy"}


@app.post("/invocations")
def invoke():
    global answered
    answered += 1
    return {"process": os.getpid(), "answered": answered, "client": request.remote_addr}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080, debug=True)
