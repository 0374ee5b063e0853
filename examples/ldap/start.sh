# shellcheck shell=bash
# shellcheck disable=SC2154 # laptop.sh, which the scripts that use this file source, sets work and root

# start_openldap starts OpenLDAP with the users of users.ldif, and sets openldap, its URL. On loopback
# no TLS is needed; elsewhere use ldaps:// or STARTTLS.
start_openldap() {
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
  local server adder
  server="$(command -v slapd)" adder="$(command -v slapadd)"
  # Ubuntu's AppArmor profile keeps the installed program from files of one's own.
  if [[ -e /etc/apparmor.d/usr.sbin.slapd ]]; then
    cp "$server" "$work/slapd" && cp "$server" "$work/slapadd"
    server="$work/slapd" adder="$work/slapadd"
  fi
  "$adder" -f "$work/slapd.conf" -l "$root/examples/ldap/users.ldif"
  local port
  port="$(free_port)"
  openldap="ldap://127.0.0.1:$port"
  start slapd "$server" -f "$work/slapd.conf" -h "$openldap" -d 0
  await slapd bash -c "</dev/tcp/127.0.0.1/$port"
}
