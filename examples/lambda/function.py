"""A function of one's own as source, in the contract keycloak of docs/sources/lambda.md."""
import hashlib
import hmac


def digest(username, password):
    return hashlib.scrypt(password.encode(), salt=username.encode(), n=16384, r=8, p=1)


USERS = {
    "alice": {"id": "1001", "password": digest("alice", "Pass-word-1!"), "email": "alice@example.com", "enabled": True},
    "bob": {"id": "1002", "password": digest("bob", "Pass-word-2!"), "email": "bob@example.com", "enabled": False},
}


def handler(event, context):
    name = event["username"]
    user = USERS.get(name)
    if event["operation"] == "find":
        return user and {"id": user["id"], "username": name, "email": user["email"], "emailVerified": True, "enabled": user["enabled"]}
    return {"authenticated": user is not None and hmac.compare_digest(user["password"], digest(name, event["password"]))}
