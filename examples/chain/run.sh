#!/usr/bin/env bash
# Two sources: staff in OpenLDAP first, then customers in a file. alice and bob are staff; the
# customer carol is found in the second source only.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"
# shellcheck source=examples/ldap/start.sh
source "$root/examples/ldap/start.sh"

start_openldap
local_cognito MIGRATE_SOURCES=STAFF,CUSTOMERS \
  STAFF_KIND=ldap STAFF_URL="$openldap" STAFF_BASE_DN=ou=people,dc=example,dc=com \
  STAFF_BIND_DN=cn=service,dc=example,dc=com STAFF_BIND_PASSWORD=service-Password-1 \
  CUSTOMERS_KIND=file CUSTOMERS_PATH="$here/customers.json"
migrate_alice
say "Carol is a customer"
sign_in carol 'Pass-word-1!'
grep -q '"outcome":"migrated".*"source":"CUSTOMERS"' "$work/function.log" || fail "carol did not come from the second source"
printf '\nchain: one user of each source was migrated\n'
