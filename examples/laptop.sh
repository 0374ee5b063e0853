# shellcheck shell=bash
# What the examples share: a local Cognito as the destination, the function, and sign-ins by the
# AWS CLI. An example's run.sh sources this file, starts its source, sets the function's variables
# and calls `migrate_alice`. Everything runs on loopback, and ends with the script.
#
# Exit codes: 0 one user was migrated, 1 not, 77 a program is missing.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
started=()

stop_all() {
  local id
  for id in ${started[@]+"${started[@]}"}; do kill "$id" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop_all EXIT
# An interrupted script stops its programs, too.
trap 'exit 130' INT TERM

# No profile or credentials of the reader's are used: everything here is local.
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER=""
# Debian keeps servers where an ordinary PATH does not look.
PATH="$PATH:/usr/sbin:$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)"

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$(basename "$here")" "$*" >&2
  exit 1
}

needs() { # PROGRAM HOW-TO-GET-IT
  if ! command -v "$1" >/dev/null; then
    printf '%s: %s is missing: %s\n' "$(basename "$here")" "$1" "$2" >&2
    exit 77
  fi
}

# Every example finds a free port by Node.js, and waits for servers by curl.
needs node "https://nodejs.org"
needs curl "apt-get install curl"

# show prints a command as the reader could type it, and runs it.
show() {
  printf '$ %s\n' "$*"
  "$@"
}

free_port() { node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'; }

# start runs a server in the background. Its output is shown if it does not come up.
start() { # NAME COMMAND...
  local name="$1"
  shift
  "$@" >"$work/$name.log" 2>&1 &
  started+=("$!")
}

# await waits until the command succeeds, for a minute.
await() { # NAME COMMAND...
  local name="$1" _
  shift
  for _ in {1..300}; do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  cat "$work/$name.log" >&2
  fail "$name did not come up; its output is above"
}

answers() { curl --silent --show-error --max-time 5 --output /dev/null "$1"; }

# start_moto sets moto, the address.
start_moto() {
  needs moto_server "pip install 'moto[server]'"
  local port
  port="$(free_port)"
  moto="http://127.0.0.1:$port"
  start moto moto_server -H 127.0.0.1 -p "$port"
  await moto answers "$moto/moto-api/data.json"
}

# local_cognito starts the function with the variables given, and a Cognito whose user pool has the
# function as its user migration trigger. It sets cognito, pool and client.
local_cognito() { # NAME=VALUE...
  say "The function, with the variables of this source"
  printf '%s\n' "$@"
  needs go "https://go.dev/dl"
  go -C "$root" build -tags lambda.norpc -o "$work/migratectl" ./app/cmd/migratectl
  # `explain`, because this local Cognito would create a user from the concealed refusal.
  start function env "$@" MIGRATE_REFUSAL=explain "$work/migratectl" serve --addr 127.0.0.1:0
  await function grep -q ' on http://' "$work/function.log"
  local function port
  function="$(sed -n 's|.* on \(http://[^;]*\);.*|\1|p' "$work/function.log" | head -n 1)"

  say "A local Cognito (cognito-local) with a user pool that knows nobody"
  needs aws "https://docs.aws.amazon.com/cli"
  [[ -x "$root/test/peers/node_modules/.bin/cognito-local" ]] || npm ci --prefix "$root/test/peers" --no-audit --no-fund --loglevel error
  port="$(free_port)"
  cognito="http://127.0.0.1:$port"
  mkdir -p "$work/cognito/.cognito"
  cat >"$work/cognito/.cognito/config.json" <<EOF
{
  "LambdaClient": {"endpoint": "$function", "region": "us-east-1", "credentials": {"accessKeyId": "local", "secretAccessKey": "local"}, "maxRetries": 0},
  "TriggerFunctions": {"UserMigration": "user-migration"},
  "UserPoolDefaults": {"UsernameAttributes": []},
  "ServerConfig": {"hostname": "127.0.0.1", "port": $port}
}
EOF
  start cognito env -C "$work/cognito" node "$root/test/peers/node_modules/.bin/cognito-local"
  await cognito answers "$cognito/health"
  pool="$(aws cognito-idp create-user-pool --endpoint-url "$cognito" --pool-name destination --query UserPool.Id --output text)"
  client="$(aws cognito-idp create-user-pool-client --endpoint-url "$cognito" --user-pool-id "$pool" --client-name app --query UserPoolClient.ClientId --output text)"
}

sign_in() { # USERNAME PASSWORD
  show aws cognito-idp initiate-auth --endpoint-url "$cognito" --client-id "$client" --auth-flow USER_PASSWORD_AUTH \
    --auth-parameters "USERNAME=$1,PASSWORD=$2" --query 'AuthenticationResult.AccessToken != null'
}

refused() { # USERNAME PASSWORD
  if sign_in "$1" "$2" 2>"$work/refusal"; then fail "$1 was let in"; fi
  sed 's/^/  /' "$work/refusal"
  if ! grep -q 'NotAuthorizedException\|UserNotFoundException\|UserLambdaValidationException' "$work/refusal"; then
    cat "$work/function.log" >&2
    fail "this is not a refusal"
  fi
}

# migrate_alice signs alice in, and shows that bob, who is disabled, and a wrong password are refused.
migrate_alice() {
  say "A wrong password is refused"
  refused alice wrong
  say "Alice signs in with her old password"
  if ! sign_in alice 'Pass-word-1!'; then
    cat "$work/function.log" >&2
    fail "alice was not migrated; the function's log is above"
  fi
  say "The destination has the user now"
  # shellcheck disable=SC2016 # the backquotes are JMESPath's
  show aws cognito-idp admin-get-user --endpoint-url "$cognito" --user-pool-id "$pool" --username alice \
    --query '[UserStatus, UserAttributes[?Name==`email`].Value | [0]]' --output text
  if [[ "${disabled:-bob}" != none ]]; then
    say "Bob is disabled at the source"
    refused bob 'Pass-word-2!'
  fi
  say "The function's audit records"
  sed -n 's/.*"outcome":"\([a-z_]*\)".*"reason":"\([a-z_]*\)".*/\1 \2/p' "$work/function.log"
  [[ "$(grep -c '"outcome":"migrated"' "$work/function.log")" == 1 ]] || fail "exactly one user should have been migrated"
  printf '\n%s: one user was migrated\n' "$(basename "$here")"
}
