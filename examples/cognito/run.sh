#!/usr/bin/env bash
# Users of a user pool in another account (moto), which the function reaches by a role.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

say "The source account (moto): a user pool with alice and bob, and a role"
start_moto
at_source() { aws --endpoint-url "$moto" "$@"; }
old_pool="$(at_source cognito-idp create-user-pool --pool-name source --query UserPool.Id --output text)"
old_client="$(at_source cognito-idp create-user-pool-client --user-pool-id "$old_pool" --client-name migration \
  --explicit-auth-flows ALLOW_ADMIN_USER_PASSWORD_AUTH --query UserPoolClient.ClientId --output text)"
for user in alice:Pass-word-1! bob:Pass-word-2!; do
  at_source cognito-idp admin-create-user --user-pool-id "$old_pool" --username "${user%%:*}" --message-action SUPPRESS \
    --user-attributes "Name=email,Value=${user%%:*}@example.com" Name=email_verified,Value=true --query User.Username --output text
  at_source cognito-idp admin-set-user-password --user-pool-id "$old_pool" --username "${user%%:*}" --password "${user#*:}" --permanent
done
at_source cognito-idp admin-disable-user --user-pool-id "$old_pool" --username bob
role="$(at_source iam create-role --role-name user-migration-source --assume-role-policy-document '{"Version":"2012-10-17","Statement":[]}' --query Role.Arn --output text)"

local_cognito SOURCE_KIND=cognito SOURCE_USER_POOL_ID="$old_pool" SOURCE_CLIENT_ID="$old_client" SOURCE_ROLE_ARN="$role" \
  AWS_ENDPOINT_URL_STS="$moto" AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="$moto"
migrate_alice
