"""A stand-in for Lambda's Invoke API, which runs function.py. In AWS, Lambda itself does this."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from function import handler


class Lambda(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amz-Invocation-Type"] == "DryRun":
            return self.answer(204, b"")
        self.answer(200, json.dumps(handler(json.loads(event), None)).encode())

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Lambda).serve_forever()
