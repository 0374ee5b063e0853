#!/usr/bin/env bash
# Users behind a service of your own: service.py is the whole of it.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

needs python3 "https://www.python.org"
say "A service of your own (service.py), in the contract keycloak"
port="$(free_port)"
start service python3 "$here/service.py" "$port"
await service answers "http://127.0.0.1:$port/"

local_cognito SOURCE_KIND=http SOURCE_CONTRACT=keycloak SOURCE_URL="http://127.0.0.1:$port/users" SOURCE_BEARER_TOKEN=local
migrate_alice
