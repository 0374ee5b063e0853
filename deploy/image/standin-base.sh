#!/usr/bin/env bash
# Makes a stand-in for the build stage's base image, on a machine that reaches no
# image registry. It has a busybox, and the machine's own Go and CA bundle.
#
#   deploy/image/standin-base.sh [NAME]      prints the name of the image
#
# The image built on it holds the *machine's* CA certificates: it is for tests and is never
# to be published. That is also why its name is no real image's name.
#
# Needs buildah, a static busybox (Debian: busybox-static) and Go.
set -euo pipefail

say() { printf '%s\n' "standin-base: $*" >&2; }
die() { say "$*"; exit 1; }

for tool in buildah busybox go; do
  command -v "$tool" >/dev/null || die "$tool is not installed"
done

name="${1:-localhost/standin-golang:$(go env GOVERSION | sed 's/^go//')}"
goroot="$(go env GOROOT)"
busybox="$(command -v busybox)"

bundle=""
for candidate in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt \
  /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
  if [[ -n "$candidate" && -r "$candidate" ]]; then bundle="$candidate"; break; fi
done
[[ -n "$bundle" ]] || die "no CA bundle found on this machine"

# What the image is made of. The same inputs need no second image: making it copies a whole Go.
inputs="$({ go version; sha256sum <"$busybox"; sha256sum <"$bundle"; sha256sum <"${BASH_SOURCE[0]}"; } | sha256sum | cut -d' ' -f1)"
made_of() { buildah inspect --type image --format '{{index .OCIv1.Config.Labels "standin.inputs"}}' "$name" 2>/dev/null || true; }
if [[ "$(made_of)" == "$inputs" ]]; then
  say "$name is up to date"
  printf '%s\n' "$name"
  exit 0
fi

say "making $name from $(go version | cut -d' ' -f3) and $("$busybox" | head -n1 | cut -d' ' -f1,2)"
container="$(buildah from scratch)"
work="$(mktemp -d)"
trap 'buildah rm "$container" >/dev/null; rm -rf "$work"' EXIT

# A dynamic busybox would find no loader in there.
install -D -m 0755 "$busybox" "$work/bin/busybox"
while read -r applet; do ln -s busybox "$work/bin/$applet"; done < <("$busybox" --list | grep -vx busybox)
install -d -m 1777 "$work/tmp"
install -d -m 0700 "$work/root"
install -d -m 0755 "$work/go"
install -D -m 0644 "$bundle" "$work/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$work/etc/passwd"
printf 'root:x:0:\n' >"$work/etc/group"
ln -s bin "$work/sbin"
buildah add --quiet "$container" "$work" / >/dev/null

# Go without its tests and documents: a third less to copy.
for part in bin lib pkg src go.env VERSION; do
  if [[ -e "$goroot/$part" ]]; then
    buildah add --quiet "$container" "$goroot/$part" "/usr/local/go/$part" >/dev/null
  fi
done

buildah config --env PATH=/usr/local/go/bin:/bin --env GOPATH=/go --env GOTOOLCHAIN=local \
  --label "standin.inputs=$inputs" --workingdir /go "$container"
buildah commit --quiet "$container" "$name" >/dev/null

[[ "$(made_of)" == "$inputs" ]] || die "$name was not committed"
printf '%s\n' "$name"
