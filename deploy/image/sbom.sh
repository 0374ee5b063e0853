#!/usr/bin/env bash
# Lists the components of a binary (a software bill of materials, CycloneDX in JSON) and checks
# that they are exactly what the linker put in.
#
#   deploy/image/sbom.sh BINARY OUTPUT
#
# cyclonedx-gomod is of the version in .ci/sbom/go.mod, and its code that of .ci/sbom/go.sum.
set -euo pipefail

[[ $# == 2 ]] || { printf '%s\n' "usage: sbom.sh BINARY OUTPUT" >&2; exit 2; }
binary="$(realpath "$1")"
mkdir -p "$(dirname "$2")"
output="$(realpath "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

go -C .ci/sbom tool cyclonedx-gomod bin -json -std -noserial -version "${VERSION:-dev}" -output "$output" "$binary"
go run ./deploy/image/sbomcheck "$binary" "$output"
