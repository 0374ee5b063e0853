import hashlib, hmac

USERS = {"hanako": {"id": "42", "email": "hanako@example.com", "salt": "c2FsdA", "hash":
         "9644d03e208aa6e565703ef7e99154d1c0133623f28ac71c981321cd6af3a691"}}


def handler(event, context):
    user = USERS.get(event["username"])
    if event["operation"] == "find":
        if user is None:
            return None
        return {"id": user["id"], "username": event["username"], "email": user["email"],
                "emailVerified": True, "enabled": True}
    if event["operation"] == "authenticate":
        if user is None:
            return {"authenticated": False}
        typed = hashlib.pbkdf2_hmac("sha256", event["password"].encode(), user["salt"].encode(), 10000)
        return {"authenticated": hmac.compare_digest(typed.hex(), user["hash"])}
    raise ValueError("unknown operation")
