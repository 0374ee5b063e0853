#!/usr/bin/env bash
# Users of a JSON file with argon2id and bcrypt hashes.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

local_cognito SOURCE_KIND=file SOURCE_PATH="$root/app/demo/people.json"
migrate_alice
