#!/usr/bin/env bash
# Users of a table in PostgreSQL. query.sql finds a user; users.sql made them. On loopback it goes
# without TLS, which the function warns of.
# shellcheck source=examples/laptop.sh
source "$(dirname "${BASH_SOURCE[0]}")/../laptop.sh"

needs initdb "apt-get install postgresql"
needs psql "apt-get install postgresql"
# PostgreSQL does not run as root.
as_user() { if ((EUID == 0)); then runuser -u postgres -- "$@"; else "$@"; fi; }
say "PostgreSQL with the users of users.sql"
chmod 711 "$work"
mkdir "$work/data"
if ((EUID == 0)); then chown postgres "$work/data"; fi
port="$(free_port)"
# The settings name no folder of the server's package, so nothing of an installed server is touched.
(cd / && as_user initdb --pgdata "$work/data" --username admin --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync >"$work/initdb.log")
start postgres as_user env -C / postgres -D "$work/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
await postgres psql -h 127.0.0.1 -p "$port" -U admin -c 'SELECT 1' postgres
psql --quiet -h 127.0.0.1 -p "$port" -U admin -v ON_ERROR_STOP=1 -f "$here/users.sql" postgres

local_cognito SOURCE_KIND=sql SOURCE_DRIVER=postgres SOURCE_TLS=off \
  SOURCE_URL="postgres://reader:reader-Password-1@127.0.0.1:$port/postgres" SOURCE_QUERY="$(cat "$here/query.sql")"
migrate_alice
