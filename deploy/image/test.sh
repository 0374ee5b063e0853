#!/usr/bin/env bash
# Builds the image as it would be published, looks inside, and runs it.
#
#   make image-test
#
# Needs buildah, podman with a runtime, Go; without BASE also busybox-static, for the stand-in
# of the build stage's base (standin-base.sh). With BASE, such as the Dockerfile's own, that base
# is used, and pulled where it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

name=localhost/cognito-user-migration-test
version=1.2.3-test
tolerance=500000 # bytes that an image may weigh beyond its files

say() { printf '%s\n' "image-test: $*"; }
die() { say "FAILED: $*" >&2; exit 1; }
same() { [[ "$2" == "$3" ]] || die "$1 is '$2', not '$3'"; say "ok: $1 is $2"; }
seconds() { printf '%s s' "$(($(date +%s) - $1))"; }

for tool in buildah podman go; do
  command -v "$tool" >/dev/null || die "$tool is not installed (Debian: apt-get install buildah podman runc busybox-static)"
done
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# --- build -----------------------------------------------------------------------------------
if [[ -z "${BASE:-}" ]]; then
  BASE="$(deploy/image/standin-base.sh)"
  export PULL=never
fi
build() { # TAG PLATFORM [ARGUMENT...]
  local tag="$1" platform="$2" began
  shift 2
  began="$(date +%s)"
  ENGINE=buildah BASE="$BASE" IMAGE="$name:$tag" PLATFORM="$platform" VERSION="$version" REVISION=abc123 \
    SOURCE_DATE_EPOCH=0 deploy/image/build.sh --quiet "$@" >"$work/$tag.log" 2>&1 \
    || { cat "$work/$tag.log"; die "building $tag"; }
  say "built $tag in $(seconds "$began")"
}
of() { buildah inspect --type image --format "$1" "$name:$tag"; }

machine="$(go env GOHOSTARCH)"
case "$machine" in
  amd64) other=arm64 ;;
  arm64) other=amd64 ;;
  *) die "Lambda has no $machine" ;;
esac

tag="$machine"
build "$machine" "linux/$machine"
build again "linux/$machine" --no-cache
# Both at once make an index of both; what was built above is in the cache.
build index "linux/$machine,linux/$other"
podman tag "$name:index-$other" "$name:$other"
MAIN=bootstrap-cognito CERTIFICATES=amazon build least "linux/$machine"

same "the second build, without any cached layer," "$(tag=again of '{{.FromImageID}}')" "$(of '{{.FromImageID}}')"

same "the image of the index" "$(tag="index-$machine" of '{{.FromImageID}}')" "$(of '{{.FromImageID}}')"
same "the index" "$(buildah manifest inspect "$name:index" | tr -d ' \n' \
  | grep -oE '"architecture":"[a-z0-9]+","os":"[a-z]+"' | sort | paste -sd ' ')" \
  '"architecture":"amd64","os":"linux" "architecture":"arm64","os":"linux"'

# --- what is in it ---------------------------------------------------------------------------
for tag in "$machine" "$other" least; do
  arch="${tag/least/$machine}"
  say "$name:$tag"
  same "the platform" "$(of '{{.OCIv1.OS}}/{{.OCIv1.Architecture}}')" "linux/$arch"
  same "the user" "$(of '{{.OCIv1.Config.User}}')" 65532:65532
  same "the entry point" "$(of '{{.OCIv1.Config.Entrypoint}}')" "[/bootstrap]"
  same "the command" "$(of '{{.OCIv1.Config.Cmd}}')" "[migrate]"
  label() { of "{{index .OCIv1.Config.Labels \"org.opencontainers.image.$1\"}}"; }
  same "the label title" "$(label title)" cognito-user-migration
  same "the label licenses" "$(label licenses)" Apache-2.0
  same "the label version" "$(label version)" "$version"
  same "the label revision" "$(label revision)" abc123
  [[ -n "$(label description)" ]] || die "the label description is empty"

  container="$(podman create --pull=never --platform "linux/$arch" "$name:$tag")"
  podman export --output "$work/$tag.tar" "$container"
  podman rm "$container" >/dev/null
  mkdir "$work/$tag"
  tar -xf "$work/$tag.tar" -C "$work/$tag"
  same "the list of files" "$(cd "$work/$tag" && find . -type f | sort | paste -sd ' ')" "./bootstrap ./etc/ssl/cert.pem"
  same "what may be done with bootstrap" "$(stat -c %A "$work/$tag/bootstrap")" "-rwxr-xr-x"
  same "what may be done with cert.pem" "$(stat -c %A "$work/$tag/etc/ssl/cert.pem")" "-r--r--r--"
  [[ ! -e "$work/$tag/etc/ssl/certs" ]] || die "there is a directory /etc/ssl/certs: Go would read each file of it"

  binary="$(stat -c %s "$work/$tag/bootstrap")"
  bundle="$(stat -c %s "$work/$tag/etc/ssl/cert.pem")"
  image="$(podman image inspect --format '{{.Size}}' "$name:$tag")"
  say "image $image bytes = binary $binary + certificates $bundle ($(grep -c 'BEGIN CERTIFICATE' "$work/$tag/etc/ssl/cert.pem") of them) + $((image - binary - bundle))"
  ((image - binary - bundle <= tolerance)) || die "the image holds more than its two files"

  # Of a binary that needs a loader, this would be the loader's name.
  if LC_ALL=C grep -qaE '/lib(64)?/ld-[a-z0-9-]+\.so' "$work/$tag/bootstrap"; then die "bootstrap is not static"; fi
  go version -m "$work/$tag/bootstrap" >"$work/$tag.buildinfo"
  grep -q "GOARCH=$arch" "$work/$tag.buildinfo" || die "bootstrap is not for $arch"
  # The ELF header's own word of the machine, 18 bytes in: EM_X86_64 or EM_AARCH64.
  declare -A machines=([amd64]="3e 00" [arm64]="b7 00")
  same "the ELF header's machine" "$(od -An -tx1 -j18 -N2 "$work/$tag/bootstrap" | xargs)" "${machines[$arch]}"
  main=app/cmd/bootstrap
  if [[ "$tag" == least ]]; then main=app/cmd/bootstrap-cognito; fi
  grep -qE "[[:space:]]path[[:space:]].*/$main\$" "$work/$tag.buildinfo" || die "bootstrap was not built of $main"
  tags="$(sed -n 's/^FUNCTION_TAGS := //p' Makefile)"
  grep -qE -- "-tags=$tags\$" "$work/$tag.buildinfo" || die "bootstrap was not built with $tags"
  say "ok: static, for $arch, of $main, with $tags"

  VERSION="$version" deploy/image/sbom.sh "$work/$tag/bootstrap" "$work/$tag.cdx.json" >"$work/sbom" || { cat "$work/sbom"; die "the list of components"; }
  say "ok: $(head -n1 "$work/sbom")"
done

same "the certificates of the image with amazon's alone" "$(grep -c 'BEGIN CERTIFICATE' "$work/least/etc/ssl/cert.pem")" 5

# --- running it ------------------------------------------------------------------------------
export ENGINE=podman # buildah's images are podman's
tag="$machine"
nobody=127.0.0.1:9 # a runtime API that does not answer: these starts are to fail before
began="$(date +%s)"
status=0
AWS_LAMBDA_RUNTIME_API="$nobody" MIGRATE_REFUSAL=perhaps SOURCE_KIND=nonsense deploy/image/run.sh "$name:$tag" >"$work/bad" 2>&1 || status=$?
sed 's/^/image-test:   | /' "$work/bad"
same "the exit status of a bad configuration" "$status" 1
for variable in MIGRATE_REFUSAL SOURCE_KIND; do
  grep -q "$variable" "$work/bad" || die "the message does not name $variable"
done
say "ok: one message names every problem ($(seconds "$began"))"

status=0
AWS_LAMBDA_RUNTIME_API="$nobody" deploy/image/run.sh "$name:$tag" no-such-command >"$work/bad" 2>&1 || status=$?
[[ "$status" == 1 || "$status" == 2 ]] || { cat "$work/bad"; die "an unknown command ends with status $status"; }
say "ok: an unknown command ends with status $status: $(head -n1 "$work/bad")"

began="$(date +%s)"
go build -o "$work/invoke" ./deploy/image/invoke
# A container's user has no rights here, and mktemp's directory is private. So the file of users
# is in the repository, readable by all.
MOUNT="$PWD/deploy/image/testdata/people.json:/people.json" SOURCE_KIND=file SOURCE_PATH=/people.json \
  "$work/invoke" deploy/image/run.sh "$name:$tag" \
  <deploy/image/testdata/sign-in.json >"$work/answer" 2>"$work/log" \
  || { cat "$work/log" "$work/answer"; die "the sign-in was not answered"; }
sed 's/"password": *"[^"]*"/"password": "..."/; s/^/image-test:   | /' "$work/answer"
grep -qE '"finalUserStatus": *"CONFIRMED"' "$work/answer" || { cat "$work/log"; die "the user was not moved"; }
grep -qE '"email": *"hanako@example.com"' "$work/answer" || die "the user's email was not moved"
if grep -qE 'Correct-horse-7|hanako' "$work/log"; then die "the log names the user or the password"; fi
say "ok: a sign-in through the runtime API moves the user ($(seconds "$began"))"
say "passed: $name:$machine $(of '{{.FromImageID}}')"
