#!/usr/bin/env bash
# Users of OpenLDAP. On loopback no TLS is needed; elsewhere use ldaps:// or STARTTLS.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

needs slapd "apt-get install slapd"
say "OpenLDAP with the users of users.ldif"
mkdir "$work/database"
cat >"$work/slapd.conf" <<EOF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile $work/slapd.pid
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=service,dc=example,dc=com" read by anonymous auth by * none
database mdb
suffix "dc=example,dc=com"
directory $work/database
overlay ppolicy
EOF
server="$(command -v slapd)" adder="$(command -v slapadd)"
# Ubuntu's AppArmor profile keeps the installed program from files of one's own.
if [[ -e /etc/apparmor.d/usr.sbin.slapd ]]; then
  cp "$server" "$work/slapd" && cp "$server" "$work/slapadd"
  server="$work/slapd" adder="$work/slapadd"
fi
"$adder" -f "$work/slapd.conf" -l "$here/users.ldif"
port="$(free_port)"
start slapd "$server" -f "$work/slapd.conf" -h "ldap://127.0.0.1:$port" -d 0
await slapd bash -c "</dev/tcp/127.0.0.1/$port"

local_cognito SOURCE_KIND=ldap SOURCE_URL="ldap://127.0.0.1:$port" SOURCE_BASE_DN=ou=people,dc=example,dc=com \
  SOURCE_BIND_DN=cn=service,dc=example,dc=com SOURCE_BIND_PASSWORD=service-Password-1
migrate_alice
