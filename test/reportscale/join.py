"""Joins two user pools with boto3, as a script for one evening does.

It lists both pools page by page into memory, joins by the old sub, else by the
verified email address, else by the username, and prints the totals as JSON.

    AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=URL join.py SOURCE DESTINATION
"""

import json
import sys

import boto3
from botocore.config import Config

client = boto3.client("cognito-idp", config=Config(retries={"mode": "standard", "max_attempts": 10}))


def users(pool):
    for page in client.get_paginator("list_users").paginate(UserPoolId=pool, PaginationConfig={"PageSize": 60}):
        for user in page["Users"]:
            attributes = {a["Name"]: a["Value"] for a in user["Attributes"]}
            yield user, attributes


def email_of(attributes):
    return attributes.get("email", "").lower() if attributes.get("email_verified") == "true" else ""


by_sub, by_email, by_name, newcomers, listed = {}, {}, {}, set(), 0
for user, attributes in users(sys.argv[2]):
    sub = attributes["sub"]
    by_sub[attributes.get("custom:legacy_sub", "")] = user["UserStatus"]
    by_email[email_of(attributes)] = sub
    by_name[user["Username"]] = sub
    newcomers.add(sub)
    listed += 1
by_sub.pop("", None)
by_email.pop("", None)

totals = dict.fromkeys(
    "Source Destination Newcomers Moved Confirmed ResetRequired Remaining Migrate Disabled Unverified Conflict".split(), 0
)
for user, attributes in users(sys.argv[1]):
    totals["Source"] += 1
    status = by_sub.get(attributes["sub"])
    same = by_email.get(email_of(attributes)) or by_name.get(user["Username"])
    newcomers.discard(same)
    if status:
        totals["Moved"] += 1
        totals["Confirmed" if status == "CONFIRMED" else "ResetRequired"] += 1
    elif same:
        totals["Conflict"] += 1
    else:
        totals["Remaining"] += 1
        totals["Migrate" if user["Enabled"] else "Disabled"] += 1
        totals["Unverified"] += not email_of(attributes)
totals["Destination"], totals["Newcomers"] = listed, len(newcomers)
print(json.dumps(totals))
