"""An agent on the standard library alone that answers in every way an agent can, good and bad, as the payload asks."""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

calls = 0
go_on = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b'{"status": "Healthy"}')

    def do_POST(self):
        global calls
        calls += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            do = json.loads(body).get("do", "echo")
        except ValueError:
            do = "raw"
        getattr(self, f"do_{do}")(body)

    def do_echo(self, body):
        print("echo", calls, flush=True)
        self.answer(json.dumps({"calls": calls, "payload": json.loads(body)}).encode())

    def do_raw(self, body):
        self.answer(body, self.headers["Content-Type"])

    def do_headers(self, body):
        self.answer(json.dumps({name.lower(): value for name, value in self.headers.items()}).encode())

    def do_text(self, body):
        self.answer(b"plain words", "text/plain")

    def do_string(self, body):
        self.answer(b'"a sentence"')

    def do_control(self, body):
        self.answer(b"red \x1b[31m[bold]markup[/bold] \x07", "text/plain")

    def do_stream(self, body):
        pieces = ['data: "Hel"\n\n', 'data: "lo"\r\n\r\n', ": comment\n\n", 'data: {"n": 1}\n\n']
        self.stream(pieces, "text/event-stream")

    def do_slow_stream(self, body):
        self.stream((f'data: "{n}"\n\n' for n in self.slowly()), "text/event-stream")

    def do_held_stream(self, body):
        self.stream((f'data: "{n}"\n\n' for n in self.held(20)), "text/event-stream")

    def do_wait(self, body):
        go_on.wait()
        self.answer(b'"woke"')

    def do_go_on(self, body):
        go_on.set()
        self.answer(b'"told"')

    def do_break(self, body):
        def pieces():
            yield 'data: "first"\n\n'
            time.sleep(0.2)
            print("the customer's record is gone", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

        self.stream(pieces(), "text/event-stream")

    def do_die(self, body):
        print("about to die", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    def do_fail(self, body):
        print("Traceback (most recent call last):\nValueError: no such customer", file=sys.stderr, flush=True)
        self.answer(b'{"error": "no such customer"}', status=500)

    def do_fail_as_the_sdk(self, body):
        trace = ["Traceback (most recent call last):\n", '  File "agent.py", line 6, in main\n', "KeyError: 'name'\n"]
        record = {"level": "ERROR", "message": "Invocation failed (0.001s)", "sessionId": "s", "stackTrace": trace}
        print("looking", json.dumps(record), '{"level": 7}', sep="\n", flush=True)
        self.answer(b'{"error": "name"}', status=500)

    def do_hostile(self, body):
        print("\x1b]0;owned by a log\x07 [red]a log line[/red]", flush=True)
        self.answer(b"\x1b]0;owned by an error\x07 [red]an error[/red]", "text/plain", status=500)

    @staticmethod
    def slowly():
        """Without end, as far as a reader that leaves can tell."""
        for number in range(1000):
            yield number
            time.sleep(0.25)

    @staticmethod
    def held(count):
        """All but the first two come when another call of the session says so."""
        for number in range(count):
            if number == 2:
                go_on.wait()
            yield number

    def stream(self, pieces, content_type):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            data = piece.encode()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, body, content_type="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
