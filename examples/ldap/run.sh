#!/usr/bin/env bash
# Users of OpenLDAP.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"
# shellcheck source=examples/ldap/start.sh
source "$root/examples/ldap/start.sh"

start_openldap
local_cognito SOURCE_KIND=ldap SOURCE_URL="$openldap" SOURCE_BASE_DN=ou=people,dc=example,dc=com \
  SOURCE_BIND_DN=cn=service,dc=example,dc=com SOURCE_BIND_PASSWORD=service-Password-1
migrate_alice
