#!/usr/bin/env bash
# Users whom another Lambda function knows: function.py is the whole of it.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

needs python3 "https://www.python.org"
say "A function of your own (function.py), and a stand-in for Lambda"
port="$(free_port)"
start lambda python3 "$here/host.py" "$port"
await lambda bash -c "</dev/tcp/127.0.0.1/$port"

local_cognito SOURCE_KIND=lambda SOURCE_FUNCTION=old-users SOURCE_CONTRACT=keycloak \
  AWS_ENDPOINT_URL_LAMBDA="http://127.0.0.1:$port"
migrate_alice
