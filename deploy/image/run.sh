#!/usr/bin/env bash
# Runs the image much as Lambda does: read-only root, a user without rights, nothing granted,
# and of this environment only what a function is given. Arguments after the image's name go
# to the container.
#
#   SOURCE_KIND=file SOURCE_PATH=/people.json MOUNT=./people.json:/people.json deploy/image/run.sh IMAGE [COMMAND]
#
# MOUNT mounts one file, read-only. ENGINE is docker or podman; by itself the one that works.
set -euo pipefail

[[ $# -ge 1 ]] || { printf '%s\n' "usage: run.sh IMAGE [COMMAND]" >&2; exit 2; }

if [[ -z "${ENGINE:-}" ]]; then
  if command -v docker >/dev/null && docker info >/dev/null 2>&1; then ENGINE=docker; else ENGINE=podman; fi
fi
command -v "$ENGINE" >/dev/null || { printf '%s\n' "run: $ENGINE is not installed" >&2; exit 2; }

engine=("$ENGINE")
limits=()
if [[ "$ENGINE" == podman ]]; then
  if [[ "$(id -u)" == 0 ]] && command -v runc >/dev/null; then
    # Root inside a sandbox, such as a CI machine. It has no systemd for cgroups
    # or events. runc works where crun refuses, and the limits need not be
    # raised.
    engine+=(--cgroup-manager cgroupfs --events-backend file --runtime "$(command -v runc)")
    limits=(--ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
  fi
fi

# The host's network, because the runtime API that the function asks is on loopback.
flags=(--rm --pull=never --network host --read-only --cap-drop all --security-opt no-new-privileges)
if ((${#limits[@]} > 0)); then flags+=("${limits[@]}"); fi
if [[ -n "${MOUNT:-}" ]]; then flags+=(--volume "$MOUNT:ro"); fi
while IFS='=' read -r name _; do
  if [[ "$name" =~ ^(AWS_|MIGRATE_|SOURCE_|AUDIT_|COMPLETION_|LOCKOUT_|_HANDLER$|TZ$) && "$name" != AWS_CA_BUNDLE ]]; then
    flags+=(--env "$name")
  fi
done < <(env)

exec "${engine[@]}" run "${flags[@]}" "$@"
