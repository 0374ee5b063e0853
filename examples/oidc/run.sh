#!/usr/bin/env bash
# Users of an OpenID provider (npm oidc-provider) with the password grant.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

say "An OpenID provider with the users of people.json"
provider="$root/adapters/oidcsource/testdata/provider"
[[ -d "$provider/node_modules" ]] || npm ci --prefix "$provider" --no-audit --no-fund --loglevel error
port="$(free_port)"
issuer="http://127.0.0.1:$port"
start provider node "$provider/provider.mjs" "$port" "$issuer" "$here/people.json"
await provider answers "$issuer/.well-known/openid-configuration"

local_cognito SOURCE_KIND=oidc SOURCE_ISSUER="$issuer" SOURCE_CLIENT_ID=client_secret_basic \
  SOURCE_CLIENT_SECRET='secret of the client+/%' SOURCE_SCOPE="openid email profile"
migrate_alice
