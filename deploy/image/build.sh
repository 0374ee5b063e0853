#!/usr/bin/env bash
# Builds the image with docker, podman or buildah, whichever is there and works.
# `make image` calls it; what can be chosen stands in the environment:
#
#   IMAGE      name and tag                     cognito-user-migration:VERSION
#   PLATFORM   linux/amd64, linux/arm64, or     this machine's
#              both: linux/amd64,linux/arm64
#   BASE       the build stage's base image     the Dockerfile's
#   ENGINE     docker, podman or buildah        the first that works
#   PULL       never: use local images only     as the engine does by itself
#   MAIN       the folder of the main, or its name below app/cmd          app/cmd/bootstrap
#   CERTIFICATES   all, or amazon's own alone                             all
#   VERSION, REVISION                           from git
#   SOURCE_DATE_EPOCH                           the commit's time, so that the same commit makes the same image
#
# Both platforms make two images, NAME-amd64 and NAME-arm64, and the index NAME of them. Lambda
# takes an image of one platform, and no index.
#
# Further arguments go to the engine's build command as they are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
self="$PWD/deploy/image/build.sh"

say() { printf '%s\n' "image: $*" >&2; }
die() { say "$*"; exit 1; }
of_git() { git "$@" 2>/dev/null || true; }

# A client is not an engine: docker's is often installed where no daemon runs.
works() { command -v "$1" >/dev/null && "$1" info >/dev/null 2>&1; }

build_platform() {
  case "$ENGINE" in
    podman) podman info --format '{{.Host.OS}}/{{.Host.Arch}}' ;;
    buildah) buildah version | sed -n 's/^BuildPlatform: *//p' ;;
  esac
}

if [[ -z "${ENGINE:-}" ]]; then
  for candidate in docker podman buildah; do
    if works "$candidate"; then ENGINE="$candidate"; break; fi
  done
fi
[[ -n "${ENGINE:-}" ]] || die "none of docker, podman and buildah works on this machine"

version="${VERSION:-$(of_git describe --tags --always --dirty)}"
revision="${REVISION:-$(of_git rev-parse HEAD)}"
epoch="${SOURCE_DATE_EPOCH:-$(of_git log -1 --format=%ct)}"
main="${MAIN:-app/cmd/bootstrap}"
if [[ "$main" != */* ]]; then main="app/cmd/$main"; fi
image="${IMAGE:-cognito-user-migration:${version:-dev}}"

# Said outright even where it is this machine's own: a Lambda function is of one architecture.
if [[ -z "${PLATFORM:-}" ]]; then
  case "$(uname -m)" in
    x86_64 | amd64) PLATFORM=linux/amd64 ;;
    aarch64 | arm64) PLATFORM=linux/arm64 ;;
    *) die "say which PLATFORM: linux/amd64 or linux/arm64" ;;
  esac
fi

# Each platform on its own, by this script, and then the index of both.
if [[ "$PLATFORM" == *,* ]]; then
  [[ "$ENGINE" != docker ]] || die "with docker, build one platform after the other, and then: docker manifest create"
  images=()
  for one in ${PLATFORM//,/ }; do
    images+=("$image-${one##*/}")
    IMAGE="${images[-1]}" PLATFORM="$one" VERSION="$version" REVISION="$revision" SOURCE_DATE_EPOCH="$epoch" ENGINE="$ENGINE" \
      "$self" "$@"
  done
  "$ENGINE" manifest rm "$image" >/dev/null 2>&1 || true
  "$ENGINE" manifest create "$image" "${images[@]}" >/dev/null
  say "built the index $image of ${images[*]}"
  exit 0
fi

args=(--tag "$image"
  --platform "$PLATFORM"
  --build-arg "VERSION=${version:-dev}"
  --build-arg "MAIN=$main"
  --build-arg "CERTIFICATES=${CERTIFICATES:-all}"
  --build-arg "REVISION=${revision:-unknown}"
  --build-arg "GOPROXY=${GOPROXY:-$(go env GOPROXY 2>/dev/null || true)}")
if [[ -n "${BASE:-}" ]]; then args+=(--build-arg "BUILD_BASE=$BASE"); fi

case "$ENGINE" in
  docker)
    # BuildKit wants no attestations here: with them even one platform becomes an index,
    # and Lambda takes no index.
    args+=(--provenance=false --build-arg "SOURCE_DATE_EPOCH=${epoch:-0}")
    ;;
  podman | buildah)
    # RUN steps in a chroot need no OCI runtime, which not every machine lets us have. The
    # steps are our own: download the modules, build.
    args+=(--isolation "${ISOLATION:-chroot}" --layers --timestamp "${epoch:-0}"
      --build-arg "BUILDPLATFORM=$(build_platform)")
    if [[ "${PULL:-}" == never ]]; then args+=(--pull=never); fi
    ;;
  *) die "ENGINE=$ENGINE is none of docker, podman, buildah" ;;
esac

say "building $image for $PLATFORM with $ENGINE"
if ! "$ENGINE" build "${args[@]}" "$@" .; then
  [[ -n "${BASE:-}" ]] || say "no registry within reach? For a test image: make image BASE=\$(deploy/image/standin-base.sh)"
  die "the build failed"
fi
say "built $image"
