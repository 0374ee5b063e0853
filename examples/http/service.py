"""A service that knows two users, in the contract keycloak of docs/sources/http.md.

GET /users/{username} is the profile; POST with {"password": "…"} proves the password.
"""
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


def digest(username, password):
    return hashlib.scrypt(password.encode(), salt=username.encode(), n=16384, r=8, p=1)


USERS = {
    "alice": {"id": "1001", "password": digest("alice", "Pass-word-1!"), "email": "alice@example.com", "enabled": True},
    "bob": {"id": "1002", "password": digest("bob", "Pass-word-2!"), "email": "bob@example.com", "enabled": False},
}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name, user = self.find()
        if user is None:
            return self.answer(404)
        self.answer(200, {"id": user["id"], "username": name, "email": user["email"], "emailVerified": True, "enabled": user["enabled"]})

    def do_POST(self):
        name, user = self.find()
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["password"]
        right = user is not None and hmac.compare_digest(user["password"], digest(name, sent))
        self.answer(200 if right else 401)

    def find(self):
        name = unquote(self.path.rpartition("/")[2])
        return name, USERS.get(name) if self.headers["Authorization"] == "Bearer local" else None

    def answer(self, status, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
