"""Serves a moto with two user pools that are full of users.

    poolsofusers.py PORT USERS.json IDS.json

Creating users one by one through the API takes longer than all the rest of a test.
moto then answers as moto_server does. The IDs of the pools are written into IDS.json.
"""

import datetime
import json
import sys

from moto.cognitoidp.models import (
    CognitoIdpGroup,
    CognitoIdpUser,
    CognitoIdpUserPoolAttribute,
    cognitoidp_backends,
)
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import main

port, users, ids = sys.argv[1:]
backend = cognitoidp_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
pools = {
    "source": backend.create_user_pool("source", {}),
    "destination": backend.create_user_pool(
        "destination",
        {
            "UsernameConfiguration": {"CaseSensitive": False},
            "AliasAttributes": ["email"],
            # moto has the standard attributes only where there are no others.
            "Schema": [{"Name": "legacy_sub", "AttributeDataType": "String", "Mutable": True}]
            + [{"Name": name, **schema, "Required": name in ("sub", "name")} for name, schema in CognitoIdpUserPoolAttribute.STANDARD_SCHEMA.items()],
        },
    ),
}
with open(users) as file:
    for given in json.load(file):
        pool = pools[given["Pool"]]
        attributes = [{"Name": name, "Value": value} for name, value in given["Attributes"].items()]
        user = CognitoIdpUser(pool.id, given["Username"], "Right-Password-1", given["Status"], attributes)
        user.id = given["Sub"]
        user.update_attributes([{"Name": "sub", "Value": user.id}])
        user.enabled = not given["Disabled"]
        user.sms_mfa_enabled = given["SecondFactor"]
        user.create_date = datetime.datetime.fromisoformat(given["CreatedAt"])
        pool.users[user.username] = user
        for name in given["Groups"] or []:
            group = pool.groups.setdefault(name, CognitoIdpGroup(pool.id, name, "", "", 0))
            group.users.add(user)
            user.groups.add(group)
with open(ids, "w") as file:
    json.dump({name: pool.id for name, pool in pools.items()}, file)
main(["-H", "127.0.0.1", "-p", port])
