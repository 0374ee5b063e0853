#!/usr/bin/env bash
# Puts the image into ECR, under the name that the templates take as ImageUri.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: push-image.sh [--create] [--from IMAGE] [--yes] IMAGE_URI

IMAGE_URI is the whole name in ECR, with a tag; account, region and repository are read off it:
  111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1

  --from IMAGE  the local image to push; by itself, the local image of that very name, as made by
                make image PLATFORM=linux/arm64 IMAGE=IMAGE_URI
  --create      make the repository where it is not there: tags that cannot be moved, images scanned
                when they arrive, and Lambda of this account allowed to fetch them
  --yes         do it; without it, the commands are shown and nothing is run

ENGINE is docker, podman or buildah; by itself the first that works. The AWS CLI finds credentials as
always (AWS_PROFILE).
USAGE
}

say() { printf '%s\n' "push-image: $*" >&2; }
die() { say "$*"; exit 1; }

create='' from='' yes='' uri=''
while (($# > 0)); do
  case "$1" in
    --create) create=1 ;;
    --yes) yes=1 ;;
    --from) shift; (($# > 0)) || { usage >&2; exit 2; }; from="$1" ;;
    -h | --help) usage; exit ;;
    -*) usage >&2; exit 2 ;;
    *) [[ -z "$uri" ]] || { usage >&2; exit 2; }; uri="$1" ;;
  esac
  shift
done
[[ -n "$uri" ]] || { usage >&2; exit 2; }

pattern='^(([0-9]{12})\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?)/([a-z0-9][a-z0-9._/-]*):([A-Za-z0-9_][A-Za-z0-9._-]*)$'
[[ "$uri" =~ $pattern ]] || die "$uri is no image in ECR with a tag"
registry="${BASH_REMATCH[1]}" account="${BASH_REMATCH[2]}" region="${BASH_REMATCH[4]}" repository="${BASH_REMATCH[6]}"
case "$region" in
  cn-*) partition=aws-cn ;;
  us-gov-*) partition=aws-us-gov ;;
  *) partition=aws ;;
esac

# An engine that is installed may still not work: its daemon is stopped, or not for this user. The
# reason is its own. Without --yes nothing is run, so that no engine is needed.
reasons=''
works() {
  command -v "$1" >/dev/null || { reasons+=$'\n'"  $1: not installed"; return 1; }
  local said
  said="$("$1" info 2>&1 >/dev/null)" || { reasons+=$'\n'"  $1: $(tail -n 1 <<<"${said:-it does not say why}")"; return 1; }
}
if [[ -z "${ENGINE:-}" ]]; then
  for candidate in docker podman buildah; do
    if works "$candidate"; then ENGINE="$candidate"; break; fi
  done
  if [[ -z "${ENGINE:-}" && -z "$yes" ]]; then ENGINE=docker; fi
elif [[ -n "$yes" && "$ENGINE" =~ ^(docker|podman|buildah)$ ]]; then
  works "$ENGINE" || die "ENGINE=$ENGINE does not work:$reasons"
fi
case "${ENGINE:-}" in
  docker | podman | buildah) ;;
  '') die "none of docker, podman and buildah works on this machine:$reasons" ;;
  *) die "ENGINE=$ENGINE is none of docker, podman, buildah" ;;
esac

# Shown, and with --yes run.
run() {
  printf '+' >&2; printf ' %q' "$@" >&2; printf '\n' >&2
  if [[ -n "$yes" ]]; then "$@"; fi
}

if [[ -n "$create" ]]; then
  # Reading changes nothing; without --yes not even that is done, so that it works without AWS.
  if [[ -z "$yes" ]] || ! aws ecr describe-repositories --region "$region" --registry-id "$account" --repository-names "$repository" >/dev/null 2>&1; then
    # A tag that can be moved would let the same template deploy different programs.
    run aws ecr create-repository --region "$region" --registry-id "$account" --repository-name "$repository" \
      --image-tag-mutability IMMUTABLE --image-scanning-configuration scanOnPush=true >/dev/null
    # Lambda would write this itself if the operator may change the repository's policy. A
    # deployment should not need that permission.
    run aws ecr set-repository-policy --region "$region" --registry-id "$account" --repository-name "$repository" --policy-text \
      '{"Version":"2012-10-17","Statement":[{"Sid":"LambdaFetchesImages","Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Condition":{"StringLike":{"aws:SourceArn":"arn:'"$partition:lambda:$region:$account"':function:*"}}}]}' >/dev/null
  else
    say "the repository $repository is there; its settings are left as they are"
  fi
fi

if [[ -n "$from" && "$from" != "$uri" ]]; then run "$ENGINE" tag "$from" "$uri"; fi

# The password goes through a pipe: every user of the machine can read a command line.
printf '+ aws ecr get-login-password --region %q | %q login --username AWS --password-stdin %q\n' "$region" "$ENGINE" "$registry" >&2
if [[ -n "$yes" ]]; then
  aws ecr get-login-password --region "$region" | "$ENGINE" login --username AWS --password-stdin "$registry"
fi

run "$ENGINE" push "$uri"

if [[ -n "$yes" ]]; then
  say "pushed; ImageUri is $uri"
else
  say "nothing was run; --yes does it"
fi
