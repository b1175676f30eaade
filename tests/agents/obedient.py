"""An agent that runs the Python source it is sent (`{"run": "result = 1 + 1"}`) and answers with `result`.

Tests make it misbehave; it needs the standard library alone. The source runs among the globals of this file, so names
assigned by one call are there in the next.
"""

import json
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

result = None
at_start = sorted(sys.modules)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {"status": "Healthy"})

    def do_POST(self):
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            exec(payload["run"], globals())
        except Exception:
            self.answer(500, {"error": traceback.format_exc()})
        else:
            self.answer(200, result)

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
