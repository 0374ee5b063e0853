"""The article's flow in Python, as a Lambda function: on every invocation a role
of the source account is assumed, a session and its client are made, the user is
signed in by AdminInitiateAuth and read by AdminGetUser.

Below it a runtime loop with the standard library alone; AWS's own does more.
"""
import http.client
import json
import os

import boto3
from boto3.session import Session

REGION = os.environ["AWS_REGION"]
ROLE_ARN = os.environ["SOURCE_ROLE_ARN"]
USER_POOL_ID = os.environ["SOURCE_USER_POOL_ID"]
CLIENT_ID = os.environ["SOURCE_CLIENT_ID"]


def handler(event):
    role = boto3.client("sts").assume_role(RoleArn=ROLE_ARN, RoleSessionName="session")["Credentials"]
    source = Session(
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
        region_name=REGION,
    ).client("cognito-idp")
    username = event["userName"]
    source.admin_initiate_auth(
        UserPoolId=USER_POOL_ID,
        ClientId=CLIENT_ID,
        AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": event["request"]["password"]},
    )
    user = source.admin_get_user(UserPoolId=USER_POOL_ID, Username=username)
    known = {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}
    event["response"] = {
        "userAttributes": {
            "username": username,
            "email": known["email"],
            "email_verified": "true",
            "phone_number": known["phone_number"],
            "phone_number_verified": "true",
        },
        "finalUserStatus": "CONFIRMED",
        "messageAction": "SUPPRESS",
    }
    return event


def main():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    invocations = "/2018-06-01/runtime/invocation/"
    while True:
        runtime.request("GET", invocations + "next")
        following = runtime.getresponse()
        event = json.loads(following.read())
        answer = json.dumps(handler(event))
        request_id = following.getheader("Lambda-Runtime-Aws-Request-Id")
        runtime.request("POST", invocations + request_id + "/response", answer)
        runtime.getresponse().read()


main()
