# The image that Lambda runs: one static binary and one file of CA certificates.
#
#   make image            docker, podman or buildah, whichever is there and works
#   make image-test       builds it twice, looks inside, runs it
#
# BUILD_BASE can be any image with Go, a shell and a CA bundle. Where no image registry can
# be reached, deploy/image/standin-base.sh makes one from the machine's own Go. The digest is
# that of the index of all platforms: the same sources make the same image on any day.
ARG BUILD_BASE=docker.io/library/golang:1.26.5@sha256:3aff6657219a4d9c14e27fb1d8976c49c29fddb70ba835014f477e1c70636647

# The build stage runs on the builder's own platform and cross-compiles: building for arm64
# needs no emulation. BuildKit sets BUILDPLATFORM by itself; buildah 1.28, given a --platform,
# does not, so deploy/image/build.sh passes it.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS build
WORKDIR /src

# A RUN step sees nothing of the host's environment, so whoever fetches modules through a
# proxy of their own says so by build argument. Left empty, Go's default holds.
ARG GOPROXY
# The base's Go must do; nothing is downloaded in its place.
ENV CGO_ENABLED=0 GOTOOLCHAIN=local

# Modules first: this layer is built again only when go.mod or go.sum change.
COPY go.mod go.sum ./
RUN go mod download

COPY . .

# Empty in builders that were given no --platform: then it is the builder's own.
# (A default here would beat the value that BuildKit sets by itself.)
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
# The folder of the main, which lists the parts of the binary (docs/weight.md).
ARG MAIN=app/cmd/bootstrap
# Which certificates to trust: all of the base's, or amazon's own roots alone.
ARG CERTIFICATES=all
# Times are set to zero, so that the same sources make the same layer on any day.
RUN --mount=type=cache,target=/root/.cache/go-build \
    mkdir -p /image/etc/ssl \
 && GOOS="${TARGETOS:-linux}" GOARCH="${TARGETARCH:-$(go env GOARCH)}" \
    go -C "${MAIN}" build -trimpath -buildvcs=false -tags lambda.norpc,nethttpomithttp2 \
      -ldflags "-s -w -X main.version=${VERSION}" \
      -o /image/bootstrap . \
 && go run ./deploy/image/roots -keep "${CERTIFICATES}" /etc/ssl/certs/ca-certificates.crt >/image/etc/ssl/cert.pem \
 && chmod 0755 /image/bootstrap /image /image/etc /image/etc/ssl \
 && chmod 0444 /image/etc/ssl/cert.pem \
 && find /image -exec touch -d @0 {} +

FROM scratch

# Go reads the first bundle file that it finds *and then every file* of /etc/ssl/certs, on
# the first TLS connection of every cold start. One bundle at a path that Go knows, and no
# such directory, is the cheap way: the certificates are parsed once.
# Nothing else is needed: no shell, no time zone data (nothing asks for a local time), no
# /etc/passwd, and no /tmp (the program writes no file, and Lambda mounts its own).
COPY --from=build /image/ /

# Lambda pays no heed to this line: it runs every function as a user of its own with few
# rights (uid 993 was seen), on a read-only root, and asks only that this user can read the
# files. The line is for everywhere else: laptops, scanners, other hosts. 65532 is the
# "nonroot" of distroless images; a number, since there is no /etc/passwd to look a name up in.
USER 65532:65532

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cognito-user-migration" \
      org.opencontainers.image.description="Amazon Cognito user-migration trigger: moves users into a user pool as they sign in, without resetting a password" \
      org.opencontainers.image.vendor="The Cognito user migration authors" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# What the function does is its argument: migrate answers Cognito's trigger. On Lambda, the
# image configuration's Command replaces it.
ENTRYPOINT ["/bootstrap"]
CMD ["migrate"]
