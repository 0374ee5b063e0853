#!/usr/bin/env bash
# Builds the files of a release into bin/release: migratectl for each system, the
# function's list of components, the notes from CHANGELOG.md, and SHA256SUMS.
#
#   make release-files VERSION=v1.2.0
#
# It publishes nothing. The same commit and Go version make the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version="${VERSION:?VERSION is not set; run: make release-files VERSION=v1.2.0}"
out=bin/release
rm -rf "$out"
mkdir -p "$out"

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
  os="${target%/*}" architecture="${target#*/}" suffix=""
  [[ "$os" == windows ]] && suffix=.exe
  echo "release: migratectl for $target"
  CGO_ENABLED=0 GOOS="$os" GOARCH="$architecture" go build -trimpath -buildvcs=false -tags lambda.norpc \
    -ldflags "-s -w -X main.version=$version" -o "$out/migratectl-$os-$architecture$suffix" ./app/cmd/migratectl
done

deploy/image/sbom.sh bin/bootstrap "$out/bootstrap.cdx.json"

# The section of this version, or of what is not released yet.
notes() {
  awk -v heading="## [$1]" 'index($0, "## [") == 1 {inside = index($0, heading) == 1; next} inside' CHANGELOG.md
}
notes "${version#v}" >"$out/NOTES.md"
[[ -s "$out/NOTES.md" ]] || notes Unreleased >"$out/NOTES.md"
[[ -s "$out/NOTES.md" ]] || { echo "release: CHANGELOG.md has no section [${version#v}] and none [Unreleased]" >&2; exit 1; }

(cd "$out" && sha256sum -- * >SHA256SUMS)
echo "release: $out holds $(find "$out" -type f | wc -l) files"
