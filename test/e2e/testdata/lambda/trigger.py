# A user migration function as AWS's documentation writes it, with faults on demand.
import os, time

PASSWORD = "Correct-Horse-1"


def handler(event, context):
    name = event["userName"]
    if name == "slow":
        time.sleep(3600)
    if name == "dead":
        os._exit(3)
    if name == "huge":
        event["response"]["userAttributes"] = {"name": "a" * 300000}
        return event
    if name == "broken":
        return undefined_name
    if name != "hanako":
        return event
    if event["triggerSource"] == "UserMigration_Authentication":
        if event["request"]["password"] != PASSWORD:
            raise Exception("Bad password " + event["request"]["password"])
        event["response"]["finalUserStatus"] = "CONFIRMED"
    event["response"]["userAttributes"] = {"email": "hanako@example.com", "email_verified": "true"}
    event["response"]["messageAction"] = "SUPPRESS"
    return event
