"""An agent that tells where boto3 has its credentials from, and asks a model by them."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import botocore.session


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"status": "Healthy"})

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        try:
            self.answer(200, ask())
        except Exception as error:
            self.answer(500, {"error": f"{type(error).__name__}: {error}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


def ask():
    """By a session of its own: each call looks for credentials anew."""
    found = botocore.session.Session().get_credentials()
    frozen = found.get_frozen_credentials()
    model = boto3.session.Session().client("bedrock-runtime")
    said = model.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "How much is 2X5?"}]}])
    names = [name for name in os.environ if name.startswith("AWS_")]
    return {
        "method": found.method,
        "access_key": frozen.access_key,
        "said": said["output"]["message"]["content"][0]["text"],
        "names": names,
    }


ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
