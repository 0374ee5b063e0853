#!/usr/bin/env bash
# Users of a DynamoDB table (moto). The table holds the same hashes as the file of the demonstration.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

say "A table with alice and bob (moto)"
start_moto
aws --endpoint-url "$moto" dynamodb create-table --table-name users --billing-mode PAY_PER_REQUEST \
  --attribute-definitions AttributeName=username,AttributeType=S --key-schema AttributeName=username,KeyType=HASH \
  --query TableDescription.TableStatus --output text
aws --endpoint-url "$moto" dynamodb batch-write-item --request-items "file://$here/users.json" --query UnprocessedItems

local_cognito SOURCE_KIND=dynamodb SOURCE_TABLE=users SOURCE_KEY=username SOURCE_LOOKUP=username \
  SOURCE_FIELDS='password_hash=passwordHash, enabled=!disabled, email_verified=emailVerified' AWS_ENDPOINT_URL_DYNAMODB="$moto"
migrate_alice
