#!/usr/bin/env bash
# Users of Firebase Authentication, which its own emulator stands for (npm firebase-tools).
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

say "Firebase's Auth emulator with the users of users.json"
emulator="$root/adapters/firebasesource/testdata/emulator"
[[ -d "$emulator/node_modules" ]] || npm ci --prefix "$emulator" --no-audit --no-fund --loglevel error
port="$(free_port)"
start emulator node "$emulator/emulator.mjs" demo "$port"
await emulator answers "http://127.0.0.1:$port/"
curl --silent --show-error --fail --output /dev/null --header 'Authorization: Bearer owner' --header 'Content-Type: application/json' \
  --data @"$here/users.json" "http://127.0.0.1:$port/identitytoolkit.googleapis.com/v1/projects/demo/accounts:batchCreate"

# The user IDs are alice and bob: with the emulator's owner as service account, users can sign in by them.
local_cognito SOURCE_KIND=firebase SOURCE_API_KEY=any SOURCE_EMULATOR_HOST="127.0.0.1:$port" SOURCE_PROJECT_ID=demo MIGRATE_USERNAME=submitted
migrate_alice
