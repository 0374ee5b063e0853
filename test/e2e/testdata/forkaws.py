"""Runs commands of the AWS CLI, each in a fork of this process, which has loaded it once.

A line of the input is {"id", "arguments", "environment", "folder"}. The command writes
its output into the folder. A line of the output is {"id", "status"}; the first is {}.
"""

import json
import os
import signal
import sys

from awscli.clidriver import create_clidriver

DRIVER = create_clidriver()
DRIVER.session.get_service_model("cognito-idp")


def run(command):
    os.environ.update(command["environment"])
    answers = os.dup(1)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(os.path.join(command["folder"], name), os.O_WRONLY | os.O_CREAT, 0o600), number)
    try:
        status = DRIVER.main(command["arguments"])
    except SystemExit as end:
        status = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(answers, json.dumps({"id": command["id"], "status": status}).encode() + b"\n")


print("{}", flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            run(json.loads(line))
        finally:
            os._exit(0)
